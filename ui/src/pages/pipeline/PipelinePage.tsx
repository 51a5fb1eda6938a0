export function PipelinePage() {
  return <p>Pipeline</p>;
}
