// Packs the wall in rows of equal height. Invariant: nothing is cropped, nothing overlaps, the order stays; pure.

export type Shape = "wide" | "tall" | "line";

export interface Box {
  left: number;
  top: number;
  width: number;
  /** Of the picture; the caption hangs below it. */
  height: number;
}

export interface Layout {
  boxes: Box[];
  height: number;
}

export interface Measures {
  width: number;
  gap: number;
  /** Below each picture. */
  caption: number;
  /** Height of a folded card. */
  line: number;
}

const ratios = { wide: 16 / 9, tall: 9 / 16 } as const;
/** The height a row would like to have: landscape cards some 330 px wide, portrait ones some 200. */
const ideal = { wide: 186, tall: 360, mixed: 272 } as const;
/** Of a row with portrait cards: below the first they are too narrow for words, below the second only just wide enough. */
const leastWithTall = { ever: 216, fitting: 264 } as const;

interface Row {
  members: number[];
  ratio: number;
  kind: keyof typeof ideal;
}

export function layOut(shapes: readonly Shape[], measures: Measures): Layout {
  const { width, gap, caption, line } = measures;
  const boxes = shapes.map((): Box => ({ left: 0, top: 0, width: 0, height: 0 }));
  let top = 0;

  const hang = (row: Row, last: boolean) => {
    const height = fitted(row, width, gap, last);
    let left = 0;
    for (const index of row.members) {
      const wide = height * ratioOf(shapes[index]);
      boxes[index] = { left, top, width: wide, height };
      left += wide + gap;
    }
    top += height + caption + gap;
  };

  let row = emptyRow();
  let folded: number[] = [];
  const unfold = () => {
    for (const index of folded) {
      boxes[index] = { left: 0, top, width, height: line };
      top += line + gap;
    }
    folded = [];
  };
  shapes.forEach((shape, index) => {
    if (shape === "line") {
      // A folded card waits for its row to be full, so that it does not tear a hole in it.
      folded.push(index);
      if (row.members.length === 0) unfold();
      return;
    }
    const longer = extended(row, shape, index);
    if (row.members.length > 0 && !prefers(longer, row, width, gap)) {
      hang(row, false);
      unfold();
      row = extended(emptyRow(), shape, index);
    } else {
      row = longer;
    }
  });
  if (row.members.length > 0) hang(row, true);
  unfold();
  return { boxes, height: Math.max(0, top - gap) };
}

const ratioOf = (shape: Shape | undefined): number => (shape === "tall" ? ratios.tall : ratios.wide);

const emptyRow = (): Row => ({ members: [], ratio: 0, kind: "wide" });

function extended(row: Row, shape: "wide" | "tall", index: number): Row {
  const kind = row.members.length === 0 || row.kind === shape ? shape : "mixed";
  return { members: [...row.members, index], ratio: row.ratio + ratioOf(shape), kind };
}

const fullHeight = (row: Row, width: number, gap: number): number => (width - gap * (row.members.length - 1)) / row.ratio;

/** Whether the row is better with one more than without. */
function prefers(longer: Row, shorter: Row, width: number, gap: number): boolean {
  const longerHeight = fullHeight(longer, width, gap);
  const shorterHeight = fullHeight(shorter, width, gap);
  if (longer.kind !== "wide") {
    if (longerHeight < leastWithTall.ever) return false;
    // Narrow cards are better than a hole at the end of the row, and worse than a full row without them.
    if (longerHeight < leastWithTall.fitting && shorterHeight <= mostOf(shorter, false)) return false;
  }
  return Math.abs(longerHeight - ideal[longer.kind]) <= Math.abs(shorterHeight - ideal[shorter.kind]);
}

const mostOf = (row: Row, last: boolean): number => ideal[row.kind] * (last || row.kind === "tall" ? 1.14 : 1.6);

/** A row that is not full is not blown up to fill the width, and a lone portrait card takes half of it at most. */
function fitted(row: Row, width: number, gap: number, last: boolean): number {
  const lone = row.kind === "tall" && row.members.length === 1 ? (width - gap) / 2 / ratios.tall : Infinity;
  return Math.min(fullHeight(row, width, gap), mostOf(row, last), lone);
}
