// Elements from a few words: h("button.add", { "data-act": "add" }, "Add").

export function h(what, properties = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag);
  element.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== undefined));
  return element;
}

const money = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });
export const euros = (cents) => money.format(cents / 100);
