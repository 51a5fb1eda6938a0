// A drawing of each kind of thing, in the colours of its maker.

const INKS = {
  Aalto: ["#1f4e5f", "#d7e6e6"],
  Birk: ["#8a5a2b", "#f2e3cd"],
  Corvo: ["#2b2b33", "#dcdce4"],
  Dune: ["#b4532a", "#f6dfd2"],
  Ember: ["#8f2d3a", "#f3d8da"],
  Fjord: ["#2f5d3a", "#d9e8da"],
};

const SHAPES = {
  kettle: '<path d="M28 96h62q6 0 5-6l-6-34a30 24 0 0 0-60 0l-6 34q-1 6 5 6z"/><path d="M34 50C30 6 88 6 84 50M90 76l18-22" class="line"/><circle cx="59" cy="31" r="5"/>',
  teapot: '<ellipse cx="58" cy="64" rx="30" ry="24"/><path d="M87 60l18-14M30 52a14 14 0 1 0 0 24M50 38h16" class="line"/><circle cx="58" cy="32" r="5"/>',
  cup: '<path d="M30 42h52v20a26 26 0 0 1-52 0z"/><path d="M82 48h8a10 10 0 0 1 0 22h-10M24 96h64M46 30q-5-7 0-14M62 30q-5-7 0-14" class="line"/>',
  grinder: '<path d="M40 40h40l6 56H34z"/><path d="M44 38a16 14 0 0 1 32 0z"/><path d="M60 24V14h22" class="line"/><circle cx="84" cy="14" r="5"/><rect x="48" y="66" width="24" height="16" rx="2" class="hole"/>',
  scale: '<rect x="24" y="58" width="72" height="34" rx="8"/><path d="M34 52h52M60 52V40M44 34h32" class="line"/><rect x="46" y="68" width="28" height="14" rx="3" class="hole"/>',
  "espresso machine": '<path d="M26 22h68v22H26zM26 44h20v48H26zM26 88h68v10H26z"/><path d="M64 44v12h22M70 56v8" class="line"/><path d="M60 70h20v8a10 9 0 0 1-20 0z"/><circle cx="82" cy="33" r="5" class="hole"/>',
  filter: '<path d="M26 30h68L70 70v22H50V70z"/><path d="M42 38l14 30M60 38v30M78 38L64 68" class="cut"/>',
  beans: '<ellipse cx="46" cy="50" rx="18" ry="26" transform="rotate(-28 46 50)"/><ellipse cx="76" cy="70" rx="18" ry="26" transform="rotate(24 76 70)"/><path d="M37 30q16 16 16 42M85 48q-16 16-18 42" class="cut"/>',
  "green tea": '<path d="M60 100C20 78 30 34 60 14c30 20 40 64 0 86z"/><path d="M60 100V36M60 60l14-12M60 60L46 48M60 78l16-14M60 78L44 64" class="cut"/>',
  tray: '<path d="M16 58h88l-8 24a10 10 0 0 1-10 7H34a10 10 0 0 1-10-7z"/><path d="M12 58h96" class="line"/><path d="M40 36h24v10a12 11 0 0 1-24 0z"/>',
};

/** The maker and the kind of a product: "Aalto kettle". */
export function partsOf(name) {
  const cut = name.indexOf(" ");
  return [name.slice(0, cut), name.slice(cut + 1)];
}

export function picture(name) {
  const [maker, kind] = partsOf(name);
  const [ink, ground] = INKS[maker] ?? ["#444", "#e6e3dc"];
  const frame = document.createElement("span");
  frame.className = "picture";
  frame.style.cssText = `--ink: ${ink}; --ground: ${ground}`;
  frame.innerHTML = `<svg viewBox="0 0 120 120" role="img" aria-label="${kind}">${SHAPES[kind] ?? SHAPES.cup}</svg>`;
  return frame;
}
