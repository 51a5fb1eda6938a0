/** The colours of the product; tokens.css carries the same values for style sheets (a test compares them). */
export interface Palette {
  bg: string;
  surface: string;
  sunken: string;
  raised: string;
  selected: string;
  hover: string;
  border: string;
  borderStrong: string;
  text: string;
  text2: string;
  text3: string;
  accent: string;
  onAccent: string;
  error: string;
  errorSoft: string;
  warn: string;
  warnSoft: string;
  ok: string;
  okSoft: string;
  match: string;
  critical: string;
}

export type ThemeName = "light" | "dark";

export const PALETTES: Record<ThemeName, Palette> = {
  light: {
    bg: "#F6F7F9",
    surface: "#FFFFFF",
    sunken: "#ECEFF3",
    raised: "#FFFFFF",
    selected: "#E4EEFA",
    hover: "#EFF3F8",
    border: "#C9D0D9",
    borderStrong: "#7D8896",
    text: "#1A2029",
    text2: "#4A5563",
    text3: "#586474",
    accent: "#0B5CAD",
    onAccent: "#FFFFFF",
    error: "#BF2424",
    errorSoft: "#FBE4E4",
    warn: "#8A5A00",
    warnSoft: "#FFF1D6",
    ok: "#1A7340",
    okSoft: "#DDF3E5",
    match: "#FFE08A",
    critical: "#111827",
  },
  dark: {
    bg: "#12151B",
    surface: "#1A1F27",
    sunken: "#0D1014",
    raised: "#222934",
    selected: "#173049",
    hover: "#202731",
    border: "#38424F",
    borderStrong: "#7C8896",
    text: "#E8ECF1",
    text2: "#B4BECA",
    text3: "#9AA6B4",
    accent: "#6CB2F5",
    onAccent: "#12151B",
    error: "#FF7B7B",
    errorSoft: "#43191C",
    warn: "#F0B445",
    warnSoft: "#3D2D0C",
    ok: "#5BCB8B",
    okSoft: "#12351F",
    match: "#6B5310",
    critical: "#F5F7FA",
  },
};

/** Eight hues; a slot of 0-23 is hue slot % 8 with texture floor(slot / 8): solid, 45 degree hatch, dots. */
export const SERVICE_HUES: Record<ThemeName, readonly string[]> = {
  light: ["#703500", "#6F8E2F", "#3C713C", "#088CC0", "#39456E", "#745ADC", "#6B22A0", "#B1478F"],
  dark: ["#A87156", "#759E10", "#98F998", "#40B4ED", "#647FAF", "#CDCAFC", "#AB68E7", "#C797B4"],
};

export type Texture = "solid" | "hatch" | "dots";
const TEXTURES: readonly Texture[] = ["solid", "hatch", "dots"];

/** Returns the hue and the texture of a service's colour slot. */
export function serviceColor(slot: number, theme: ThemeName): { color: string; texture: Texture } {
  const safe = ((Math.trunc(slot) % 24) + 24) % 24;
  return { color: SERVICE_HUES[theme][safe % 8]!, texture: TEXTURES[Math.floor(safe / 8)]! };
}

const SLOTS = 12;

/** Returns the slot the server gives a service: the CRC-32 of its name, so that it is the same on every page. */
export function slotOf(service: string): number {
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(service)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ((crc ^ 0xffffffff) >>> 0) % SLOTS;
}

/** Returns the two letters that stand beside a service's colour: initials of its parts, else its first letters. */
export function badgeOf(service: string): string {
  const parts = service.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const letters = parts.length > 1 ? parts[0]!.charAt(0) + parts[1]!.charAt(0) : (parts[0] ?? "?").slice(0, 2);
  return letters.toUpperCase();
}
