// Tests uploading, replacing and deleting the reference image.
import { beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "@/lib/api/client";
import { images, videos } from "@/lib/api/endpoints";
import { queries } from "@/lib/api/queries";
import { queryClient } from "@/lib/api/queryClient";
import { flushPromises, makeJob, makeModel } from "@/lib/testing";
import { attachImage, removeImage, useReferenceImage, verifyImage } from "./referenceImage";
import { useComposer } from "./store";
import { submit } from "./submit";

const image = { id: "image-1", width: 8, height: 8, size: 80, contentType: "image/png", createdAt: "2026-01-01T00:00:00Z" };
const png = new File(["png"], "a.png", { type: "image/png" });
const remove = () => vi.mocked(images.remove);
const imageId = () => useComposer.getState().imageId;

beforeEach(() => {
  localStorage.clear();
  useComposer.getState().open("user");
  vi.spyOn(images, "remove").mockResolvedValue(undefined);
  removeImage();
  remove().mockClear();
  vi.spyOn(images, "upload").mockResolvedValue(image);
});

it("deletes a removed image that no request uses", async () => {
  await attachImage(png);
  expect(imageId()).toBe("image-1");
  removeImage();
  expect(imageId()).toBeNull();
  expect(remove()).toHaveBeenCalledExactlyOnceWith("image-1");
});

it("uploads no image that the model does not take", async () => {
  const defaults = { model: "sora", orientation: "landscape" as const, seconds: 10, size: "1280x720" };
  queryClient.setQueryData(queries.models.queryKey, { models: [makeModel({ referenceImage: "no" })], defaults, free: false });
  await attachImage(png);
  expect(images.upload).not.toHaveBeenCalled();
  expect(useReferenceImage.getState().error).toEqual({ kind: "model" });
  queryClient.removeQueries({ queryKey: queries.models.queryKey });
});

it("never deletes an image that a job may use", async () => {
  const job = makeJob({ prompt: "a fox" });
  const call = vi.spyOn(videos, "submit").mockRejectedValueOnce(new ApiError({ status: 0, code: "network" })).mockResolvedValue({ job, jobs: [job], message: "" });
  for (let time = 0; time < 2; time += 1) {
    await attachImage(png);
    useComposer.getState().setText("a fox");
    submit("a fox");
    await flushPromises();
    useComposer.getState().setAttachments({ imageId: "image-1" });
    removeImage();
  }
  expect(call.mock.calls.map(([request]) => request.referenceImageId)).toEqual(["image-1", "image-1"]);
  expect(remove()).not.toHaveBeenCalled();
});

it("keeps the image when a new one is rejected, and replaces it when accepted", async () => {
  await attachImage(png);
  vi.mocked(images.upload).mockRejectedValueOnce(new ApiError({ status: 422, code: "invalid_fields" }));
  await attachImage(png);
  expect(imageId()).toBe("image-1");
  expect(useReferenceImage.getState().error).toEqual({ kind: "content" });
  vi.mocked(images.upload).mockResolvedValueOnce({ ...image, id: "image-2" });
  await attachImage(png);
  expect(imageId()).toBe("image-2");
  expect(remove()).toHaveBeenCalledExactlyOnceWith("image-1");
});

it.each([
  ["type", new File(["gif"], "a.gif", { type: "image/gif" })],
  ["size", Object.defineProperty(new File(["png"], "a.png", { type: "image/png" }), "size", { value: 20 * 1024 * 1024 + 1 })],
] as const)("does not upload a file of an invalid %s", async (kind, file) => {
  await attachImage(file);
  expect(images.upload).not.toHaveBeenCalled();
  expect(useReferenceImage.getState().error).toEqual({ kind });
});

it("removes the image from the draft only if the server no longer has it", async () => {
  await attachImage(png);
  const known = vi.spyOn(images, "image").mockRejectedValueOnce(new ApiError({ status: 0, code: "network" }));
  await verifyImage("image-1");
  expect(imageId()).toBe("image-1");
  known.mockRejectedValueOnce(new ApiError({ status: 404, code: "not_found" }));
  await verifyImage("image-1");
  expect(imageId()).toBeNull();
});
