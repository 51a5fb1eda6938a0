/** Browsers cap the height of elements; above this, the scroll bar moves in proportion. */
export const MAX_SCROLL_PX = 8_000_000;

/** Ties a native scroll bar to a row position with a fraction: wheel and keys move exactly, the thumb in proportion. */
export class RowScroll {
  topRow = 0;
  rows = 0;
  #own = -1;

  constructor(
    private readonly box: HTMLElement,
    private readonly spacer: HTMLElement,
    public rowHeight: number,
    private readonly moved: () => void,
  ) {
    box.addEventListener("scroll", this.#onScroll, { passive: true });
    box.addEventListener("wheel", this.#onWheel, { passive: false });
  }

  stop(): void {
    this.box.removeEventListener("scroll", this.#onScroll);
    this.box.removeEventListener("wheel", this.#onWheel);
  }

  get page(): number {
    return this.box.clientHeight / this.rowHeight;
  }

  get most(): number {
    return Math.max(0, this.rows - this.page);
  }

  get #capped(): boolean {
    return this.rows * this.rowHeight > MAX_SCROLL_PX;
  }

  /** Rows per pixel of the scroll bar. */
  get #ratio(): number {
    const height = Math.min(MAX_SCROLL_PX, this.rows * this.rowHeight) - this.box.clientHeight;
    return height > 0 ? this.most / height : 0;
  }

  setRows(rows: number): void {
    this.rows = rows;
    this.spacer.style.height = `${Math.min(MAX_SCROLL_PX, rows * this.rowHeight)}px`;
    this.to(this.topRow);
  }

  to(topRow: number): void {
    this.topRow = Math.max(0, Math.min(topRow, this.most));
    const ratio = this.#ratio;
    this.#own = ratio > 0 ? Math.round(this.topRow / ratio) : 0;
    if (Math.abs(this.box.scrollTop - this.#own) >= 1) this.box.scrollTop = this.#own;
    this.moved();
  }

  /** Brings a line into view with a little room around it. */
  reveal(line: number): void {
    if (line < 0) return;
    const room = Math.min(3, this.page / 4);
    if (line < this.topRow + room) this.to(line - room);
    else if (line + 1 > this.topRow + this.page - room) this.to(line + 1 - this.page + room);
  }

  #onScroll = (): void => {
    if (Math.abs(this.box.scrollTop - this.#own) < 1) return;
    this.#own = this.box.scrollTop;
    this.topRow = Math.min(this.most, this.box.scrollTop * this.#ratio);
    this.moved();
  };

  #onWheel = (event: WheelEvent): void => {
    if (event.ctrlKey || event.metaKey || !this.#capped || event.deltaY === 0) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? this.rowHeight : event.deltaMode === 2 ? this.box.clientHeight : 1;
    this.to(this.topRow + (event.deltaY * unit) / this.rowHeight);
  };
}
