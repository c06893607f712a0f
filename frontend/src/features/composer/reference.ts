// The reference image: from a dropped, pasted or picked file to an id in the draft. Invariant: one at a time; a file that was
// refused says why and changes nothing.
import { create } from "zustand";
import { asApiError, type ApiError } from "@/lib/api/client";
import { images } from "@/lib/api/endpoints";
import { useComposer } from "./store";

/** The server tells by content; this only spares the way. */
export const imageTypes = ["image/png", "image/jpeg", "image/webp"];
const limit = 20 * 1024 * 1024;

export type Refusal = { kind: "type" | "size" | "content" } | { kind: "server"; error: Pick<ApiError, "code" | "retryAt"> };

/** What the server refuses by the same rules as this page. */
const rules: Partial<Record<number, "type" | "size" | "content">> = { 413: "size", 415: "type", 422: "content" };

function refusalOf(error: ApiError): Refusal {
  const kind = rules[error.status];
  return kind ? { kind } : { kind: "server", error };
}

interface ReferenceStore {
  uploading: boolean;
  refusal: Refusal | null;
}

export const useReference = create<ReferenceStore>()(() => ({ uploading: false, refusal: null }));

let current: AbortController | null = null;
/** Uploaded here, and in no request yet: letting go of it may delete it. */
let unused: string | null = null;

export async function attachImage(file: File): Promise<void> {
  const problem = !imageTypes.includes(file.type) ? "type" : file.size > limit ? "size" : null;
  if (problem) {
    useReference.setState({ refusal: { kind: problem } });
    return;
  }
  current?.abort();
  const mine = new AbortController();
  current = mine;
  useReference.setState({ uploading: true, refusal: null });
  try {
    const image = await images.upload(file, mine.signal);
    if (current === mine) {
      forget();
      unused = image.id;
      useComposer.getState().attach({ imageId: image.id });
    }
  } catch (cause) {
    if (current === mine) useReference.setState({ refusal: refusalOf(asApiError(cause)) });
  }
  if (current !== mine) return;
  current = null;
  useReference.setState({ uploading: false });
}

/** Lets go of the image in the draft or on its way. What could not be deleted the server forgets by itself, when nothing uses it. */
export function removeImage(): void {
  current?.abort();
  current = null;
  forget();
  useReference.setState({ uploading: false, refusal: null });
  useComposer.getState().attach({ imageId: null });
}

/** Deletes the draft's image where no job can have it. */
function forget(): void {
  const { imageId } = useComposer.getState();
  if (imageId !== null && imageId === unused) void images.remove(imageId).catch(() => undefined);
  unused = null;
}

/** A job may have it now. */
export function imageIsUsed(id: string | null | undefined): void {
  if (id === unused) unused = null;
}

/** It could not be shown: only when it is gone from the server the draft lets go of it. */
export async function recheckImage(id: string): Promise<void> {
  try {
    await images.image(id);
  } catch (cause) {
    if (asApiError(cause).status === 404 && useComposer.getState().imageId === id) useComposer.getState().attach({ imageId: null });
  }
}

export const firstImage = (files: FileList | null | undefined): File | undefined =>
  [...(files ?? [])].find((file) => file.type.startsWith("image/")) ?? files?.[0];
