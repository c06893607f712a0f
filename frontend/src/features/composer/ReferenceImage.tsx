// Adds a reference image by drop, paste or file picker, and shows it as a thumbnail.
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ImagePlus, X } from "lucide-react";
import { IconButton } from "@/components/ui/Button";
import { imageUrl } from "@/lib/api/urls";
import { useErrorText } from "@/lib/i18n/useErrorText";
import { useModelTitle } from "@/lib/models";
import { attachImage, firstImage, imageTypes, removeImage, useReferenceImage, verifyImage, type ImageError } from "./referenceImage";
import { useComposer } from "./store";
import { useSettings } from "./useSettings";
import styles from "./ReferenceImage.module.css";

export function ReferenceImage() {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const imageId = useComposer((state) => state.imageId);
  const uploading = useReferenceImage((state) => state.uploading);
  const isTaken = useSettings()?.settings.model.referenceImage !== "no";
  const dragging = usePageDropAndPaste();
  // A page drop or paste is then rejected with the reason, and an image that is attached already is kept for other models.
  if (!isTaken && !uploading) return null;
  return (
    <>
      <input
        ref={input}
        type="file"
        accept={imageTypes.join(",")}
        className="visually-hidden"
        tabIndex={-1}
        aria-hidden
        data-testid="composer-image-input"
        onChange={(event) => {
          const file = firstImage(event.target.files);
          event.target.value = "";
          if (file) void attachImage(file);
        }}
      />
      {imageId !== null || uploading ? (
        <span className={styles.thumbnail} data-uploading={uploading}>
          {imageId !== null && !uploading && <img src={imageUrl(imageId)} alt={t("composer.image.alt")} onError={() => void verifyImage(imageId)} />}
          <button
            type="button"
            className={styles.remove}
            onClick={removeImage}
            aria-label={t(uploading ? "composer.image.stop" : "composer.image.remove")}
            data-testid="composer-image-remove"
          >
            <X size={14} aria-hidden />
          </button>
        </span>
      ) : (
        <IconButton label={t("composer.image.add")} className={styles.add} onClick={() => input.current?.click()} data-testid="composer-image">
          <ImagePlus size={20} aria-hidden />
        </IconButton>
      )}
      {dragging && (
        <div className={styles.dropZone} aria-hidden>
          <p>{t("composer.image.drop")}</p>
        </div>
      )}
    </>
  );
}

export function ReferenceImageError() {
  const { t } = useTranslation();
  const error = useReferenceImage((state) => state.error);
  const reason = useErrorText(error?.kind === "server" ? error.error : null);
  const model = useSettings()?.settings.model;
  const titleOf = useModelTitle();
  const messages: Record<ImageError["kind"], string> = {
    type: t("composer.image.wrongType"),
    size: t("composer.image.tooLarge"),
    content: t("composer.image.unusable"),
    model: t("composer.image.notTaken", { model: titleOf(model?.id ?? "") }),
    server: t("app.sentences", { first: t("composer.image.rejected"), second: reason ?? "" }),
  };
  return (
    <p role="alert" className={styles.error} data-testid="composer-image-error">
      {error && (error.kind !== "model" || model?.referenceImage === "no") && messages[error.kind]}
    </p>
  );
}

/** Attaches images dropped or pasted anywhere on the page. Returns whether files are being dragged over it. */
function usePageDropAndPaste(): boolean {
  const [dragging, setDragging] = useState(false);
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const attachFirst = (files: FileList | null | undefined) => {
      const file = firstImage(files);
      if (file) void attachImage(file);
      return file !== undefined;
    };
    const onDragOver = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setDragging(true);
    };
    const onDragLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) setDragging(false);
    };
    const onDrop = (event: DragEvent) => {
      setDragging(false);
      if (!hasFiles(event)) return;
      event.preventDefault();
      attachFirst(event.dataTransfer?.files);
    };
    const onPaste = (event: ClipboardEvent) => {
      if (attachFirst(event.clipboardData?.files)) event.preventDefault();
    };
    const controller = new AbortController();
    const { signal } = controller;
    document.addEventListener("dragover", onDragOver, { signal });
    document.addEventListener("dragleave", onDragLeave, { signal });
    document.addEventListener("drop", onDrop, { signal });
    document.addEventListener("paste", onPaste, { signal });
    return () => controller.abort();
  }, []);
  return dragging;
}
