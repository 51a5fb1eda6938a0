import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import type { WindowText } from "../../api/reads";
import { sentence } from "../../format";
import { useCommands } from "../../keys/useCommands";
import { Button, Kbd } from "../../kit";
import { texts } from "./texts";
import { type Asked, taken, useCompletion } from "./useCompletion";
import type { Mistake } from "./useExplore";

interface Props {
  text: string;
  error: Mistake | null;
  window: WindowText;
  onRun: (text: string) => void;
}

/** The query as text: words that fit are offered, an error points at its place and says what to write. */
export function QueryEditor({ text, error, window, onRun }: Props) {
  const [draft, setDraft] = useState(text);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [at, setAt] = useState(-1);
  const cursor = useRef<number | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const offered = useCompletion(asked, window);
  const words = offered?.words ?? [];
  useEffect(() => {
    setDraft(text);
    setAsked(null);
  }, [text]);
  useEffect(() => {
    const box = input.current;
    if (error && box && document.activeElement === box) box.setSelectionRange(error.from, error.to);
  }, [error]);
  useLayoutEffect(() => {
    if (cursor.current === null) return;
    input.current?.setSelectionRange(cursor.current, cursor.current);
    cursor.current = null;
  });
  useCommands([
    {
      id: "edit-query",
      keys: ["q"],
      title: texts.keys.editQuery,
      group: texts.keys.group,
      run: () => input.current?.focus(),
    },
  ]);
  const write = (next: Asked): void => {
    setDraft(next.text);
    setAsked(next);
    setAt(-1);
  };
  const take = (word: string): void => {
    if (!offered) return;
    const next = taken(draft, offered, word);
    cursor.current = next.cursor;
    write(next);
    input.current?.focus();
  };
  const close = (): void => {
    setAsked(null);
    setAt(-1);
  };
  const onKey = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === "Escape") {
      if (words.length > 0) close();
      else input.current?.blur();
    } else if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      write({ text: draft, cursor: event.currentTarget.selectionStart ?? draft.length });
    } else if (words.length === 0) return;
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      setAt(at < 0 && by < 0 ? words.length - 1 : (at + by + words.length) % words.length);
    } else if ((event.key === "Enter" && at >= 0) || (event.key === "Tab" && !event.shiftKey && at >= 0)) {
      event.preventDefault();
      take(words[at]!);
    }
  };
  const shown = draft === text ? error : null;
  return (
    <form
      className="query"
      onSubmit={(event) => {
        event.preventDefault();
        close();
        onRun(draft);
      }}
    >
      <div className="query-box">
        <input
          ref={input}
          className="input query-input mono"
          role="combobox"
          aria-label={texts.query}
          aria-invalid={shown !== null}
          aria-describedby={shown ? `${id}-error` : undefined}
          aria-autocomplete="list"
          aria-expanded={words.length > 0}
          aria-controls={`${id}-words`}
          aria-activedescendant={at >= 0 && at < words.length ? `${id}-${at}` : undefined}
          placeholder={texts.queryPlaceholder}
          spellCheck={false}
          autoComplete="off"
          value={draft}
          onChange={({ target }) => write({ text: target.value, cursor: target.selectionStart ?? target.value.length })}
          onBlur={close}
          onKeyDown={onKey}
        />
        <div id={`${id}-words`} role="listbox" aria-label={texts.words} className="words" hidden={words.length === 0}>
          {words.map((word, index) => (
            <div
              key={word}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === at}
              className="word mono"
              onPointerDown={(event) => {
                event.preventDefault();
                take(word);
              }}
            >
              {word}
            </div>
          ))}
        </div>
      </div>
      <Button kind="primary" type="submit">
        {texts.run} <Kbd keys="Enter" />
      </Button>
      {shown && (
        <p id={`${id}-error`} className="query-error" role="alert">
          <code>
            {draft.slice(Math.max(0, shown.from - 24), shown.from)}
            <mark>{draft.slice(shown.from, shown.to) || " "}</mark>
            {draft.slice(shown.to, shown.to + 24)}
          </code>
          <span>{texts.position(shown.from, shown.message)}</span> <span className="muted">{sentence(shown.hint)}</span>
        </p>
      )}
    </form>
  );
}
