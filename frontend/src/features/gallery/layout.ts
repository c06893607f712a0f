// Computes the gallery's layout: rows of equal height. Invariant: pure; nothing is cropped or overlaps, and the order is kept.

export type Shape = "landscape" | "portrait" | "collapsed";

export interface Box {
  left: number;
  top: number;
  width: number;
  /** Height of the media; the caption is below it. */
  height: number;
}

export interface Layout {
  boxes: Box[];
  height: number;
}

export interface LayoutOptions {
  width: number;
  gap: number;
  /** Height of the caption below each card. */
  captionHeight: number;
  /** Height of a collapsed card. */
  collapsedHeight: number;
}

const ratios = { landscape: 16 / 9, portrait: 9 / 16 } as const;
/** Target height of a row: landscape cards about 330 px wide, portrait ones about 200 px. */
const idealHeight = { landscape: 186, portrait: 360, mixed: 272 } as const;
/** Heights of rows with portrait cards: below `minimum` their text does not fit, below `preferred` only just. */
const minPortraitRowHeight = { minimum: 216, preferred: 264 } as const;

interface Row {
  members: number[];
  ratio: number;
  kind: keyof typeof idealHeight;
}

export function computeLayout(shapes: readonly Shape[], options: LayoutOptions): Layout {
  const { width, gap, captionHeight, collapsedHeight } = options;
  const boxes = shapes.map((): Box => ({ left: 0, top: 0, width: 0, height: 0 }));
  let top = 0;

  const placeRow = (row: Row, last: boolean) => {
    const height = rowHeight(row, width, gap, last);
    let left = 0;
    for (const index of row.members) {
      const cardWidth = height * ratioOf(shapes[index]);
      boxes[index] = { left, top, width: cardWidth, height };
      left += cardWidth + gap;
    }
    top += height + captionHeight + gap;
  };

  let row = emptyRow();
  let collapsed: number[] = [];
  const placeCollapsed = () => {
    for (const index of collapsed) {
      boxes[index] = { left: 0, top, width, height: collapsedHeight };
      top += collapsedHeight + gap;
    }
    collapsed = [];
  };
  shapes.forEach((shape, index) => {
    if (shape === "collapsed") {
      // Collapsed cards wait until the current row is full, so that they leave no gap in it.
      collapsed.push(index);
      if (row.members.length === 0) placeCollapsed();
      return;
    }
    const longer = withMember(row, shape, index);
    if (row.members.length > 0 && !isBetter(longer, row, width, gap)) {
      placeRow(row, false);
      placeCollapsed();
      row = withMember(emptyRow(), shape, index);
    } else {
      row = longer;
    }
  });
  if (row.members.length > 0) placeRow(row, true);
  placeCollapsed();
  return { boxes, height: Math.max(0, top - gap) };
}

const ratioOf = (shape: Shape | undefined): number => (shape === "portrait" ? ratios.portrait : ratios.landscape);

const emptyRow = (): Row => ({ members: [], ratio: 0, kind: "landscape" });

function withMember(row: Row, shape: "landscape" | "portrait", index: number): Row {
  const kind = row.members.length === 0 || row.kind === shape ? shape : "mixed";
  return { members: [...row.members, index], ratio: row.ratio + ratioOf(shape), kind };
}

const fullHeight = (row: Row, width: number, gap: number): number => (width - gap * (row.members.length - 1)) / row.ratio;

/** Whether the row looks better with one more card. */
function isBetter(longer: Row, shorter: Row, width: number, gap: number): boolean {
  const longerHeight = fullHeight(longer, width, gap);
  const shorterHeight = fullHeight(shorter, width, gap);
  if (longer.kind !== "landscape") {
    if (longerHeight < minPortraitRowHeight.minimum) return false;
    // Narrow cards are better than a gap at the end of the row, and worse than a full row without them.
    if (longerHeight < minPortraitRowHeight.preferred && shorterHeight <= maxHeight(shorter, false)) return false;
  }
  return Math.abs(longerHeight - idealHeight[longer.kind]) <= Math.abs(shorterHeight - idealHeight[shorter.kind]);
}

const maxHeight = (row: Row, last: boolean): number => idealHeight[row.kind] * (last || row.kind === "portrait" ? 1.14 : 1.6);

/** An incomplete row is not stretched to the full width, and a single portrait card takes at most half of it. */
function rowHeight(row: Row, width: number, gap: number, last: boolean): number {
  const lone = row.kind === "portrait" && row.members.length === 1 ? (width - gap) / 2 / ratios.portrait : Infinity;
  return Math.min(fullHeight(row, width, gap), maxHeight(row, last), lone);
}
