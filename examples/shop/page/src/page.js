// The shop in one page: a list, a product, the cart, and paying.
import * as api from "./api.js";
import { euros, h } from "./elements.js";
import { partsOf, picture } from "./pictures.js";
import { asPartOfTheLoad, startTracing, within } from "./tracing.js";

startTracing();

const view = document.querySelector("#view");
const known = new Map();
let cart = [];

/** Does what somebody asked for; says what went wrong, and in which trace either is to be found. */
async function doing(name, work) {
  view.setAttribute("aria-busy", "true");
  try {
    await within(name, (traceId) => {
      document.querySelector("#trace").replaceChildren("Trace ", h("code", {}, traceId));
      return work();
    });
  } catch (error) {
    show(h("section.note", { role: "alert" }, h("h1", {}, "That did not work"), h("p", {}, error.message), back()));
  }
  view.removeAttribute("aria-busy");
}

function show(...content) {
  view.replaceChildren(...content);
  document.querySelector("#pieces").textContent = cart.reduce((sum, line) => sum + line.quantity, 0);
}

const act = (name, work, ...label) => h("button", { "data-act": name, onclick: () => doing(name, work) }, ...label);
const back = () => act("open list", () => list(""), "Back to the shop");

function card(one) {
  known.set(one.id, one);
  const [maker, kind] = partsOf(one.name);
  return h(
    "button.card",
    { "data-act": "open product", onclick: () => doing("open product", () => open(one.id)) },
    picture(one.name),
    h("span.kind", {}, kind),
    h("span.maker", {}, maker),
    h("span.price", {}, euros(one.price_cents)),
  );
}

async function list(text) {
  const found = await api.search(text);
  const heading = text ? `${found.length || "No"} ${found.length === 1 ? "thing" : "things"} for “${text}”` : "Things for a quiet cup";
  show(h("h1", {}, heading), h("div.grid", {}, found.map(card)));
}

async function open(id) {
  const one = await api.product(id);
  known.set(id, one);
  const [maker, kind] = partsOf(one.name);
  show(
    h(
      "article.product",
      {},
      picture(one.name),
      h(
        "div",
        {},
        h("p.maker", {}, maker),
        h("h1", {}, kind),
        h("p", {}, one.description),
        h("p.price", {}, euros(one.price_cents)),
        act("add to cart", () => add(id), "Add to cart"),
        h("p.quiet", {}, `${one.pieces.toLocaleString("en")} pieces in stock`),
      ),
    ),
    ...alike(one.recommended ?? [], `More by ${maker}`),
  );
}

const alike = (products, heading) =>
  products.length ? [h("h2", {}, heading), h("div.grid.small", {}, products.map(card))] : [];

async function add(id) {
  const line = cart.find((one) => one.product === id);
  if (line) line.quantity += 1;
  else cart.push({ product: id, quantity: 1 });
  await api.writeCart(cart);
  await openCart();
}

async function change(id, by) {
  cart = cart.map((line) => (line.product === id ? { ...line, quantity: line.quantity + by } : line));
  cart = cart.filter((line) => line.quantity > 0);
  await api.writeCart(cart);
  await openCart();
}

async function openCart() {
  cart = await api.readCart();
  for (const { product } of cart) if (!known.has(product)) known.set(product, await api.product(product));
  if (!cart.length) return show(h("section.note", {}, h("h1", {}, "Your cart is empty"), back()));
  const total = cart.reduce((sum, line) => sum + line.quantity * known.get(line.product).price_cents, 0);
  show(
    h("h1", {}, "Your cart"),
    h("ul.lines", {}, cart.map(cartLine)),
    h("div.total", {}, h("span", {}, "Without shipping and tax"), h("b", {}, euros(total))),
    h("div.pay", {}, back(), act("pay", pay, "Pay now")),
  );
}

function cartLine({ product, quantity }) {
  const one = known.get(product);
  return h(
    "li",
    {},
    picture(one.name),
    h("span", {}, one.name),
    h("span.steps", {}, act("take one", () => change(product, -1), "−"), h("b", {}, String(quantity)), act("one more", () => change(product, 1), "+")),
    h("span.price", {}, euros(quantity * one.price_cents)),
  );
}

async function pay() {
  const [{ product: bought }] = cart;
  const order = await api.pay();
  cart = [];
  const { recommended = [] } = await api.product(bought);
  show(
    h(
      "section.note",
      { "data-order": order.order },
      h("h1", {}, `Thank you, ${api.who()}`),
      h("p", {}, `Order ${order.order.slice(0, 8)} over ${euros(order.total_cents)} with shipping and tax is paid. We have written to you.`),
      back(),
    ),
    ...alike(recommended, "Goes well with it"),
  );
}

document.querySelector(".brand").addEventListener("click", () => doing("open list", () => list("")));
document.querySelector(".basket").addEventListener("click", () => doing("open cart", openCart));
document.querySelector(".search").addEventListener("submit", (event) => {
  event.preventDefault();
  doing("search", () => list(new FormData(event.target).get("q").trim()));
});
asPartOfTheLoad(() =>
  doing("open shop", async () => {
    cart = await api.readCart();
    await list("");
  }),
);
