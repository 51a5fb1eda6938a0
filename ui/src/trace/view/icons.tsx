/** Two sheets; drawn, since not every font has the sign. */
export function CopyIcon() {
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" fill="none" stroke="currentColor" aria-hidden="true">
      <rect x="0.5" y="3.5" width="8" height="8" rx="1" />
      <path d="M3.5 3.5v-2a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-2" />
    </svg>
  );
}
