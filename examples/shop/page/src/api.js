// The gateway's API, as somebody who is logged in: any of the people, or who the page's address says (?user=u7).

const PEOPLE = 400;
let session = JSON.parse(sessionStorage.getItem("session") ?? "null");

async function logIn() {
  const user = new URLSearchParams(location.search).get("user") ?? `u${1 + Math.floor(Math.random() * PEOPLE)}`;
  session = await call("POST", "/api/login", { user }, false);
  sessionStorage.setItem("session", JSON.stringify(session));
}

async function call(method, path, body, asSomebody = true) {
  if (asSomebody && !session) await logIn();
  const answer = await fetch(path, {
    method,
    headers: {
      ...(asSomebody && { authorization: `Bearer ${session.token}` }),
      ...(body && { "content-type": "application/json" }),
    },
    body: body && JSON.stringify(body),
  });
  if (answer.status === 401 && asSomebody) {
    session = null;
    return call(method, path, body);
  }
  const told = await answer.json().catch(() => ({ error: `The shop answered ${answer.status}.` }));
  if (!answer.ok) throw new Error(told.error ?? `The shop answered ${answer.status}.`);
  return told;
}

export const search = async (text) => (await call("GET", `/api/products?q=${encodeURIComponent(text)}`)).products;
export const product = (id) => call("GET", `/api/products/${encodeURIComponent(id)}`);
export const readCart = async () => (await call("GET", "/api/cart")).lines;
export const writeCart = (lines) => call("PUT", "/api/cart", { lines });
export const pay = () => call("POST", "/api/orders");
export const who = () => session?.name;
