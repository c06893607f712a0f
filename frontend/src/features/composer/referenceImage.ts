// Uploads the reference image and keeps its id in the draft. Invariant: one image at a time; a rejected file changes nothing and says why.
import { create } from "zustand";
import { asApiError, type ApiError } from "@/lib/api/client";
import { images } from "@/lib/api/endpoints";
import { loadedModels } from "@/lib/models";
import { resolveSettings } from "./settings";
import { useComposer } from "./store";

/** Checked by the server from the content; checked here only to save an upload. */
export const imageTypes = ["image/png", "image/jpeg", "image/webp"];
const maxImageBytes = 20 * 1024 * 1024;

export type ImageError = { kind: "type" | "size" | "content" | "model" } | { kind: "server"; error: Pick<ApiError, "code" | "retryAt"> };

/** Server errors that have the same meaning as this page's own checks. */
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
/** Uploaded here and not yet part of a request, so that removing it may delete it. */
let unusedImageId: string | null = null;

export async function attachImage(file: File): Promise<void> {
  const problem = problemOf(file);
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

function problemOf(file: File): "type" | "size" | "model" | null {
  const models = loadedModels();
  if (models && resolveSettings(models, useComposer.getState())?.model.referenceImage === "no") return "model";
  if (!imageTypes.includes(file.type)) return "type";
  return file.size > maxImageBytes ? "size" : null;
}

/** Removes the image from the draft and aborts an upload. The server later deletes images that no job uses. */
export function removeImage(): void {
  currentUpload?.abort();
  currentUpload = null;
  deleteUnusedImage();
  useReferenceImage.setState({ uploading: false, error: null });
  useComposer.getState().setAttachments({ imageId: null });
}

/** Deletes the draft's image, unless a job may use it. */
function deleteUnusedImage(): void {
  const { imageId } = useComposer.getState();
  if (imageId !== null && imageId === unusedImageId) void images.remove(imageId).catch(() => undefined);
  unusedImageId = null;
}

/** Marks an image as possibly used by a job. */
export function markImageUsed(id: string | null | undefined): void {
  if (id === unusedImageId) unusedImageId = null;
}

/** Called when an image fails to load: removes it from the draft if the server no longer has it. */
export async function verifyImage(id: string): Promise<void> {
  try {
    await images.image(id);
  } catch (cause) {
    if (asApiError(cause).status === 404 && useComposer.getState().imageId === id) useComposer.getState().setAttachments({ imageId: null });
  }
}

export const firstImage = (files: FileList | null | undefined): File | undefined =>
  [...(files ?? [])].find((file) => file.type.startsWith("image/")) ?? files?.[0];
