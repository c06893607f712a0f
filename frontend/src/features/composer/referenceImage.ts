// The reference image: from a dropped, pasted or picked file to an id in the draft. Invariant: one at a time; a file that was
// refused says why and changes nothing.
import { create } from "zustand";
import { asApiError, type ApiError } from "@/lib/api/client";
import { images } from "@/lib/api/endpoints";
import { useComposer } from "./store";

/** The server tells by content; this only spares the way. */
export const imageTypes = ["image/png", "image/jpeg", "image/webp"];
const maxImageBytes = 20 * 1024 * 1024;

export type ImageError = { kind: "type" | "size" | "content" } | { kind: "server"; error: Pick<ApiError, "code" | "retryAt"> };

/** What the server refuses by the same rules as this page. */
const errorKinds: Partial<Record<number, "type" | "size" | "content">> = { 413: "size", 415: "type", 422: "content" };

function toImageError(error: ApiError): ImageError {
  const kind = errorKinds[error.status];
  return kind ? { kind } : { kind: "server", error };
}

interface ReferenceImageStore {
  uploading: boolean;
  error: ImageError | null;
}

export const useReferenceImage = create<ReferenceImageStore>()(() => ({ uploading: false, error: null }));

let currentUpload: AbortController | null = null;
/** Uploaded here, and in no request yet: letting go of it may delete it. */
let unusedImageId: string | null = null;

export async function attachImage(file: File): Promise<void> {
  const problem = !imageTypes.includes(file.type) ? "type" : file.size > maxImageBytes ? "size" : null;
  if (problem) {
    useReferenceImage.setState({ error: { kind: problem } });
    return;
  }
  currentUpload?.abort();
  const upload = new AbortController();
  currentUpload = upload;
  useReferenceImage.setState({ uploading: true, error: null });
  try {
    const image = await images.upload(file, upload.signal);
    if (currentUpload === upload) {
      deleteUnusedImage();
      unusedImageId = image.id;
      useComposer.getState().setAttachments({ imageId: image.id });
    }
  } catch (cause) {
    if (currentUpload === upload) useReferenceImage.setState({ error: toImageError(asApiError(cause)) });
  }
  if (currentUpload !== upload) return;
  currentUpload = null;
  useReferenceImage.setState({ uploading: false });
}

/** Lets go of the image in the draft or on its way. What could not be deleted the server forgets by itself, when nothing uses it. */
export function removeImage(): void {
  currentUpload?.abort();
  currentUpload = null;
  deleteUnusedImage();
  useReferenceImage.setState({ uploading: false, error: null });
  useComposer.getState().setAttachments({ imageId: null });
}

/** Deletes the draft's image where no job can have it. */
function deleteUnusedImage(): void {
  const { imageId } = useComposer.getState();
  if (imageId !== null && imageId === unusedImageId) void images.remove(imageId).catch(() => undefined);
  unusedImageId = null;
}

/** A job may have it now. */
export function markImageUsed(id: string | null | undefined): void {
  if (id === unusedImageId) unusedImageId = null;
}

/** It could not be shown: only when it is gone from the server the draft lets go of it. */
export async function verifyImage(id: string): Promise<void> {
  try {
    await images.image(id);
  } catch (cause) {
    if (asApiError(cause).status === 404 && useComposer.getState().imageId === id) useComposer.getState().setAttachments({ imageId: null });
  }
}

export const firstImage = (files: FileList | null | undefined): File | undefined =>
  [...(files ?? [])].find((file) => file.type.startsWith("image/")) ?? files?.[0];
