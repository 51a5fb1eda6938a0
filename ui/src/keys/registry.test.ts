import { expect, test } from "vitest";
import { isTextField, type KeyLike, keyText } from "./match";
import { type Command, Registry } from "./registry";

const press = (key: string, mods: Partial<KeyLike> = {}): KeyLike => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...mods,
});
const PAGE = { tagName: "BODY" };
const FIELD = { tagName: "INPUT", type: "text" };

function setUp(...commands: Partial<Command>[]) {
  let clock = 0;
  const ran: string[] = [];
  const registry = new Registry(() => clock);
  const full = commands.map(
    (c, i) => ({ id: `c${i}`, title: "", group: "", run: () => ran.push(c.id ?? `c${i}`), ...c }) as Command,
  );
  const remove = registry.register(full);
  return { registry, ran, remove, advance: (ms: number) => (clock += ms) };
}

test("keys have one spelling on every platform", () => {
  expect(keyText(press("k", { ctrlKey: true }))).toBe("Mod+K");
  expect(keyText(press("k", { metaKey: true }))).toBe("Mod+K");
  expect(keyText(press("?", { shiftKey: true }))).toBe("?");
  expect(keyText(press("ArrowDown", { shiftKey: true }))).toBe("Shift+ArrowDown");
  expect(keyText(press("Enter", { ctrlKey: true }))).toBe("Mod+Enter");
  expect(keyText(press("Shift"))).toBeNull();
});

test("a sequence runs when its second key follows in time, and not later", () => {
  const { registry, ran, advance } = setUp({ id: "go", keys: ["g e"] });
  expect(registry.handle(press("g"), PAGE)).toBe(true);
  registry.handle(press("e"), PAGE);
  expect(ran).toEqual(["go"]);
  registry.handle(press("g"), PAGE);
  advance(2000);
  expect(registry.handle(press("e"), PAGE)).toBe(false);
  expect(ran).toEqual(["go"]);
});

test("a key that does not continue a sequence still means itself", () => {
  const { registry, ran } = setUp({ id: "go", keys: ["g e"] }, { id: "down", keys: ["j"] });
  registry.handle(press("g"), PAGE);
  registry.handle(press("j"), PAGE);
  expect(ran).toEqual(["down"]);
});

test("single letters are inert in text fields and can be turned off; Mod keys stay", () => {
  const { registry, ran } = setUp({ id: "down", keys: ["j"] }, { id: "palette", keys: ["Mod+K"], inFields: true });
  expect(registry.handle(press("j"), FIELD)).toBe(false);
  registry.handle(press("k", { ctrlKey: true }), FIELD);
  registry.singleKeys = false;
  expect(registry.handle(press("j"), PAGE)).toBe(false);
  registry.handle(press("k", { ctrlKey: true }), PAGE);
  expect(ran).toEqual(["palette", "palette"]);
});

test("the latest layer wins and gives way when it is removed or disabled", () => {
  const { registry, ran } = setUp({ id: "under", keys: ["x"] });
  let on = true;
  const remove = registry.register([
    { id: "over", keys: ["x"], title: "", group: "", run: () => ran.push("over"), enabled: () => on },
  ]);
  registry.handle(press("x"), PAGE);
  on = false;
  registry.handle(press("x"), PAGE);
  on = true;
  remove();
  registry.handle(press("x"), PAGE);
  expect(ran).toEqual(["over", "under", "under"]);
});

test("check boxes and buttons are not text fields", () => {
  expect(isTextField({ tagName: "INPUT", type: "checkbox" })).toBe(false);
  expect(isTextField({ tagName: "BUTTON" })).toBe(false);
  expect(isTextField({ tagName: "DIV", isContentEditable: true })).toBe(true);
  expect(isTextField(null)).toBe(false);
});
