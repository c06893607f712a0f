// Menus for aspect ratio, length, resolution, model and count. Invariant: only what the server lists can be selected.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { RectangleHorizontal, RectangleVertical } from "lucide-react";
import { Menu, MenuChoice } from "@/components/ui/Menu";
import type { Model, Models, Orientation } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { useModelTitle } from "@/lib/models";
import { maxCount, resolution, sizesOf, type RequestedSettings, type Settings } from "./settings";
import { useComposer } from "./store";
import styles from "./SettingsChips.module.css";

interface Props {
  models: Models;
  settings: Settings;
  onChange: (changes: Partial<RequestedSettings>) => void;
}

const counts = Array.from({ length: maxCount }, (_, index) => index + 1);

const orientationIcon = (orientation: Orientation) =>
  orientation === "portrait" ? <RectangleVertical size={18} aria-hidden /> : <RectangleHorizontal size={18} aria-hidden />;

export function SettingsChips({ models, settings, onChange }: Props) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const { model, orientation, seconds } = settings;
  return (
    <div className={styles.chips}>
      <OrientationChip options={model.orientations} value={orientation} onSelect={(value) => onChange({ orientation: value })} />
      <Chip
        id="seconds"
        name={t("composer.seconds")}
        value={seconds}
        options={model.seconds}
        label={(value) => t("composer.secondsValue", { value: number(value) })}
        onSelect={(value) => onChange({ seconds: value })}
      />
      <SizeChip settings={settings} onSelect={(size) => onChange({ size })} />
      <ModelChip models={models.models} value={model.id} onSelect={(id) => onChange({ model: id })} />
      <CountChip onSelect={(count) => onChange({ count })} />
    </div>
  );
}

interface OrientationChipProps {
  options: readonly Orientation[];
  value: Orientation;
  onSelect: (orientation: Orientation) => void;
}

function OrientationChip({ options, value, onSelect }: OrientationChipProps) {
  const { t } = useTranslation();
  const name = (orientation: Orientation) => t(orientation === "portrait" ? "composer.portrait" : "composer.landscape");
  const ratio = (orientation: Orientation) => t(orientation === "portrait" ? "composer.portraitRatio" : "composer.landscapeRatio");
  return (
    <Chip
      id="orientation"
      name={t("composer.orientation")}
      value={value}
      options={options}
      label={name}
      trigger={orientationIcon(value)}
      option={(one) => (
        <>
          {orientationIcon(one)} {name(one)} <span className={styles.aside}>{ratio(one)}</span>
        </>
      )}
      onSelect={onSelect}
    />
  );
}

function SizeChip({ settings: { model, orientation, size }, onSelect }: { settings: Settings; onSelect: (size: string) => void }) {
  const { t } = useTranslation();
  const sizes = sizesOf(model, orientation);
  if (size === null || sizes.length < 2) return null;
  return (
    <Chip
      id="size"
      name={t("composer.size")}
      value={size}
      options={sizes}
      label={resolution}
      option={(one) => (
        <>
          {resolution(one)} <span className={styles.aside}>{one.replace("x", " × ")}</span>
        </>
      )}
      onSelect={onSelect}
    />
  );
}

function ModelChip({ models, value, onSelect }: { models: readonly Model[]; value: string; onSelect: (id: string) => void }) {
  const { t } = useTranslation();
  const { day } = useFormat();
  const titleOf = useModelTitle();
  if (models.length < 2) return null;
  const statusOf = (id: string) => {
    const model = models.find((one) => one.id === id);
    if (model?.status !== "deprecated") return null;
    return model.retiresOn === null ? t("composer.deprecatedShort") : t("composer.deprecatedShortUntil", { date: day(model.retiresOn) });
  };
  return (
    <Chip
      id="model"
      name={t("composer.model")}
      value={value}
      options={models.map((one) => one.id)}
      label={titleOf}
      option={(id) => (
        <>
          {titleOf(id)} <span className={styles.aside}>{statusOf(id)}</span>
        </>
      )}
      onSelect={onSelect}
    />
  );
}

function CountChip({ onSelect }: { onSelect: (count: number) => void }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const count = useComposer((state) => state.count);
  return (
    <Chip
      id="count"
      name={t("composer.count")}
      value={count}
      options={counts}
      label={(one) => t("composer.countValue", { count: one })}
      trigger={`× ${number(count)}`}
      onSelect={onSelect}
    />
  );
}

interface ChipProps<Value> {
  id: string;
  name: string;
  value: Value;
  options: readonly Value[];
  label: (value: Value) => string;
  /** Content of the button; defaults to the label. */
  trigger?: ReactNode;
  option?: (value: Value) => ReactNode;
  onSelect: (value: Value) => void;
}

function Chip<Value extends string | number>({ id, name, value, options, label, trigger, option = label, onSelect }: ChipProps<Value>) {
  return (
    <Menu
      label={`${name}: ${label(value)}`}
      trigger={trigger ?? <span className={styles.value}>{label(value)}</span>}
      triggerClassName={styles.chip}
      placement="above"
      testId={`composer-${id}`}
    >
      {options.map((one) => (
        <MenuChoice key={one} selected={one === value} onSelect={() => onSelect(one)}>
          {option(one)}
        </MenuChoice>
      ))}
    </Menu>
  );
}
