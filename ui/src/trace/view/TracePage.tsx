import { useParams } from "@tanstack/react-router";

/** The trace page; reads the id from the route and the rest from the search of the address. */
export function TracePage() {
  const { id } = useParams({ from: "/trace/$id" });
  return <h1>{id}</h1>;
}
