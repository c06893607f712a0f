// Says that the chosen model is going to be retired, and which of the requested settings it cannot fulfil.
import { useTranslation } from "react-i18next";
import { useFormat } from "@/lib/i18n/format";
import { useModelTitle } from "@/lib/models";
import { resolution, unfitSettings } from "./settings";
import { useComposer } from "./store";
import { useSettings } from "./useSettings";
import styles from "./ModelNotes.module.css";

export function ModelNotes() {
  const notes = useNotes();
  return (
    <div className={styles.notes} role="status" data-testid="composer-model-notes">
      {notes.map((note) => (
        <p key={note}>{note}</p>
      ))}
    </div>
  );
}

function useNotes(): string[] {
  const { t } = useTranslation();
  const { day, number } = useFormat();
  const titleOf = useModelTitle();
  const resolved = useSettings();
  const hasImage = useComposer((state) => state.imageId !== null);
  const isRemix = useComposer((state) => state.remixOf !== null);
  if (!resolved) return [];
  const { requested, settings } = resolved;
  const model = titleOf(settings.model.id);
  const { status, retiresOn } = settings.model;
  const notes: string[] = [];
  if (status === "deprecated") {
    notes.push(retiresOn === null ? t("composer.deprecated", { model }) : t("composer.deprecatedUntil", { model, date: day(retiresOn) }));
  }
  const nameOrientation = (orientation: string | null) => t(orientation === "portrait" ? "composer.portrait" : "composer.landscape");
  const nameSeconds = (value: number | null) => t("composer.secondsValue", { value: number(value ?? 0) });
  const texts = {
    model: () => t("composer.unfit.model", { requested: titleOf(requested.model ?? ""), model }),
    orientation: () =>
      t("composer.unfit.orientation", { model, requested: nameOrientation(requested.orientation), used: nameOrientation(settings.orientation) }),
    seconds: () => t("composer.unfit.setting", { model, requested: nameSeconds(requested.seconds), used: nameSeconds(settings.seconds) }),
    size: () =>
      t("composer.unfit.setting", { model, requested: resolution(requested.size ?? ""), used: resolution(settings.size ?? "") }),
  };
  notes.push(...unfitSettings(requested, settings).map((setting) => texts[setting]()));
  if (hasImage && settings.model.referenceImage === "no") notes.push(t("composer.unfit.image", { model }));
  if (isRemix && !settings.model.remix) notes.push(t("composer.unfit.remix", { model }));
  return notes;
}
