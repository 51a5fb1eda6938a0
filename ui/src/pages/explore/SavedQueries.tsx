import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { call } from "../../api/client";
import { savedRead } from "../../api/reads";
import { Button, Popover, toast } from "../../kit";
import { texts } from "./texts";

interface Props {
  /** The text to save; null when it is no query. */
  q: string | null;
  onOpen: (text: string) => void;
}

function Menu({ q, onOpen, close }: Props & { close: () => void }) {
  const client = useQueryClient();
  const { data } = useQuery(savedRead);
  const [name, setName] = useState("");
  const change = async (work: Promise<unknown>): Promise<void> => {
    try {
      await work;
      await client.invalidateQueries(savedRead);
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error));
    }
  };
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (q === null || name.trim() === "") return;
    await change(call("PUT /queries/{name}", { path: { name: name.trim() }, body: { q } }));
    setName("");
  };
  return (
    <div className="saved">
      {data?.data.length === 0 && <p className="muted">{texts.saved.none}</p>}
      <ul>
        {data?.data
          .filter((one) => one.kind === "search")
          .map((one) => (
            <li key={one.name}>
              <button
                type="button"
                className="saved-open"
                title={one.q}
                onClick={() => {
                  onOpen(one.q);
                  close();
                }}
              >
                {one.name}
              </button>
              <button
                type="button"
                aria-label={texts.saved.remove(one.name)}
                onClick={() => change(call("DELETE /queries/{name}", { path: { name: one.name } }))}
              >
                ✕
              </button>
            </li>
          ))}
      </ul>
      <form onSubmit={save}>
        <input
          className="input"
          aria-label={texts.saved.name}
          placeholder={texts.saved.name}
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Button type="submit" disabled={q === null || name.trim() === ""}>
          {texts.saved.save}
        </Button>
      </form>
    </div>
  );
}

/** The queries that were saved under names: open, delete, and save the present one. */
export function SavedQueries({ q, onOpen }: Props) {
  return (
    <Popover label={texts.saved.label} aria-label={texts.saved.label} align="end">
      {(close) => <Menu q={q} onOpen={onOpen} close={close} />}
    </Popover>
  );
}
