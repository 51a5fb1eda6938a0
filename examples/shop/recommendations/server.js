// What goes with a product: other things of its maker, those of a near price first.
// GET /for/PRODUCT?visitor=TOKEN -> {"product", "products": [...]}; environment: SHOP_PORT, SHOP_ADDRESS_CATALOGUE, SHOP_RUN.
const http = require("node:http");
const { context } = require("@opentelemetry/api");
const { getRPCMetadata } = require("@opentelemetry/core");
const faults = require("./faults");

const MOST = 4;
const catalogues = process.env.SHOP_ADDRESS_CATALOGUE.split(",");
let turn = 0;

async function ask(path) {
  const answer = await fetch(`http://${catalogues[turn++ % catalogues.length]}${path}`, { signal: AbortSignal.timeout(5000) });
  if (!answer.ok) throw new Error(`catalogue answered ${answer.status} for ${path}`);
  return answer.json();
}

async function recommend(id) {
  const product = await ask(`/products/${encodeURIComponent(id)}`);
  const [maker] = product.name.split(" ");
  const { products } = await ask(`/products?q=${encodeURIComponent(maker)}`);
  const distance = (other) => Math.abs(other.price_cents - product.price_cents);
  const others = products.filter((other) => other.id !== id).sort((a, b) => distance(a) - distance(b));
  return { product: id, products: others.slice(0, MOST) };
}

/** Names the request's span. Fault span-names: by the address as it came, and no two visitors' addresses are alike. */
function named(route, url) {
  const metadata = getRPCMetadata(context.active());
  if (metadata) metadata.route = faults.on("span-names") ? url : route;
}

function answer(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const server = http.createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  const [, id] = pathname.match(/^\/for\/([^/]+)$/) ?? [];
  if (!id) return answer(response, 404, { error: `nothing is at ${pathname}` });
  named("/for/:product", request.url);
  try {
    answer(response, 200, await recommend(decodeURIComponent(id)));
  } catch (error) {
    answer(response, 502, { error: error.message });
  }
});
server.listen(Number(process.env.SHOP_PORT), "127.0.0.1");
