import { useEffect, useId, useRef, useState } from "react";
import { useCommands } from "../../keys/useCommands";
import { Button, Kbd } from "../../kit";
import { texts } from "./texts";
import { readQuery } from "./useExplore";

interface Props {
  text: string;
  onRun: (text: string) => void;
}

/** The query as text; an error points at its place and says what to write. */
export function QueryEditor({ text, onRun }: Props) {
  const [draft, setDraft] = useState(text);
  const [touched, setTouched] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => {
    setDraft(text);
    setTouched(false);
  }, [text]);
  useCommands([
    {
      id: "edit-query",
      keys: ["q"],
      title: texts.keys.editQuery,
      group: texts.keys.group,
      run: () => input.current?.focus(),
    },
  ]);
  const { error } = readQuery(draft);
  const shown = error && (!touched || draft === text) ? error : null;
  return (
    <form
      className="query"
      onSubmit={(event) => {
        event.preventDefault();
        setTouched(false);
        onRun(draft);
        if (error) input.current?.setSelectionRange(error.from, error.to);
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
        onChange={(event) => {
          setDraft(event.target.value);
          setTouched(true);
        }}
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
