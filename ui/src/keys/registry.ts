import { isSingleCharacter, isTextField, type KeyLike, keyText } from "./match";

/** One thing that a key, the palette or the help can do. Later registrations stand above earlier ones. */
export interface Command {
  id: string;
  /** Alternatives such as `["j", "ArrowDown"]`, `["Mod+K"]`, `["g e"]`. */
  keys?: readonly string[];
  title: string;
  group: string;
  run: (event?: KeyboardEvent) => void;
  /** False takes the command out of play for now. */
  enabled?: () => boolean;
  /** Also while the user types in a text field; only for keys that are not text. */
  inFields?: boolean;
  /** Kept out of the palette, because it means something only where the focus is. */
  hidden?: boolean;
}

const SEQUENCE_MS = 1200;

/** Holds the commands on screen and finds the one that a key means. */
export class Registry {
  #layers: (readonly Command[])[] = [];
  #listeners = new Set<() => void>();
  #pending = "";
  #pendingSince = 0;
  #snapshot: readonly Command[] = [];
  singleKeys = true;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Adds commands above all others, or, as the base, below them: pages mount before the shell around them. */
  register(commands: readonly Command[], base = false): () => void {
    this.#layers = base ? [commands, ...this.#layers] : [...this.#layers, commands];
    this.#changed();
    return () => {
      this.#layers = this.#layers.filter((layer) => layer !== commands);
      this.#changed();
    };
  }

  /** All commands, those registered last first; of equal ids only the last one. */
  list = (): readonly Command[] => this.#snapshot;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Runs what the event means; true when something ran or a sequence has begun. */
  handle(event: KeyLike, target: { tagName?: string; isContentEditable?: boolean } | null): boolean {
    const text = keyText(event);
    if (text === null) return false;
    const typing = isTextField(target);
    const prefix = this.now() - this.#pendingSince < SEQUENCE_MS ? this.#pending : "";
    this.#pending = "";
    for (const keys of prefix ? [`${prefix} ${text}`, text] : [text]) {
      const found = this.#find(keys, typing);
      if (found) {
        found.run(event as KeyboardEvent);
        return true;
      }
    }
    if (typing || !this.singleKeys || !this.#begins(`${text} `)) return false;
    this.#pending = text;
    this.#pendingSince = this.now();
    return true;
  }

  #find(keys: string, typing: boolean): Command | undefined {
    if (isSingleCharacter(keys) && (typing || !this.singleKeys)) return undefined;
    return this.#snapshot.find(
      (command) =>
        command.keys?.includes(keys) && (!typing || command.inFields === true) && (command.enabled?.() ?? true),
    );
  }

  #begins(prefix: string): boolean {
    return this.#snapshot.some((command) => command.keys?.some((keys) => keys.startsWith(prefix)));
  }

  #changed(): void {
    const seen = new Set<string>();
    this.#snapshot = this.#layers
      .toReversed()
      .flat()
      .filter((command) => !seen.has(command.id) && seen.add(command.id));
    for (const listener of this.#listeners) listener();
  }
}
