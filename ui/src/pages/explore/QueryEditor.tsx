import { useEffect, useId, useRef, useState } from "react";
import { useCommands } from "../../keys/useCommands";
import { Button, Kbd } from "../../kit";
import { texts } from "./texts";
import type { Mistake } from "./useExplore";

interface Props {
  text: string;
  error: Mistake | null;
  onRun: (text: string) => void;
}

/** The query as text; an error points at its place and says what to write. */
export function QueryEditor({ text, error, onRun }: Props) {
  const [draft, setDraft] = useState(text);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => setDraft(text), [text]);
  useEffect(() => {
    const box = input.current;
    if (error && box && document.activeElement === box) box.setSelectionRange(error.from, error.to);
  }, [error]);
  useCommands([
    {
      id: "edit-query",
      keys: ["q"],
      title: texts.keys.editQuery,
      group: texts.keys.group,
      run: () => input.current?.focus(),
    },
  ]);
  const shown = draft === text ? error : null;
  return (
    <form
      className="query"
      onSubmit={(event) => {
        event.preventDefault();
        onRun(draft);
      }}
    >
      <input
        ref={input}
        className="input query-input mono"
        aria-label={texts.query}
        aria-invalid={shown !== null}
        aria-describedby={shown ? id : undefined}
        placeholder={texts.queryPlaceholder}
        spellCheck={false}
        autoComplete="off"
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && input.current?.blur()}
      />
      <Button kind="primary" type="submit">
        {texts.run} <Kbd keys="Enter" />
      </Button>
      {shown && (
        <p id={id} className="query-error" role="alert">
          <code>
            {draft.slice(Math.max(0, shown.from - 24), shown.from)}
            <mark>{draft.slice(shown.from, shown.to) || " "}</mark>
            {draft.slice(shown.to, shown.to + 24)}
          </code>
          <span>{texts.position(shown.from, shown.message)}</span> <span className="muted">{shown.hint}</span>
        </p>
      )}
    </form>
  );
}
