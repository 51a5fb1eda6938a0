import { useRef, useState } from "react";
import { en } from "../i18n/en";
import { useCommands } from "../keys/useCommands";
import { Kbd } from "../kit";
import { findTrace } from "../url/paste";
import { useGo } from "./go";

/** The box of the top bar: anything that names a trace opens it, anything else searches. */
export function QueryBox({ onPalette }: { onPalette: () => void }) {
  const [text, setText] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const go = useGo();
  const opens = findTrace(text) !== null;
  useCommands([
    { id: "box", keys: ["/"], title: en.keys.box, group: en.keys.global, run: () => input.current?.focus() },
  ]);
  const run = (value: string): void => {
    if (!go(value)) return;
    setText("");
    input.current?.blur();
  };
  return (
    <form
      className="box"
      role="search"
      aria-label={en.box.label}
      onSubmit={(event) => {
        event.preventDefault();
        run(text);
      }}
    >
      <input
        ref={input}
        className="input box-input"
        type="search"
        value={text}
        aria-label={en.box.label}
        title={en.box.hint}
        placeholder={en.box.placeholder}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && input.current?.blur()}
        onPaste={(event) => {
          const pasted = event.clipboardData.getData("text");
          if (text !== "" || !findTrace(pasted) || /^[0-9a-f]{1,14}$/i.test(pasted.trim())) return;
          event.preventDefault();
          run(pasted);
        }}
      />
      {opens ? (
        <button type="submit" className="box-open">
          {en.box.open} <Kbd keys="Enter" />
        </button>
      ) : (
        <button type="button" className="box-open" onClick={onPalette}>
          <span className="sr">{en.keys.palette}</span>
          <Kbd keys="Mod+K" />
        </button>
      )}
    </form>
  );
}
