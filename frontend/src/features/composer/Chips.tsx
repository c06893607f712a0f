// Shape, length, size, model and count, as compact chips. Invariant: only what the server lists can be chosen.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { RectangleHorizontal, RectangleVertical } from "lucide-react";
import { Menu, MenuChoice } from "@/components/ui/Menu";
import { useAbilities } from "@/lib/api/abilities";
import type { Models, Orientation } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { mostAtOnce, sizesOf, type Settings, type Wishes } from "./settings";
import { useComposer } from "./store";
import styles from "./Chips.module.css";

interface Props {
  models: Models;
  settings: Settings;
  onWish: (wishes: Partial<Wishes>) => void;
}

const counts = Array.from({ length: mostAtOnce }, (_, index) => index + 1);

/** A size by its shorter side, as people call it. */
const resolution = (size: string): string => `${Math.min(...size.split("x").map(Number))}p`;

const shapeIcon = (orientation: Orientation) =>
  orientation === "portrait" ? <RectangleVertical size={18} aria-hidden /> : <RectangleHorizontal size={18} aria-hidden />;

export function Chips({ models, settings, onWish }: Props) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const counted = useAbilities((state) => state.count);
  const count = useComposer((state) => state.count);
  const { model, orientation, seconds, size } = settings;
  const shapeName = (shape: Orientation) => t(shape === "portrait" ? "composer.portrait" : "composer.landscape");
  const secondsName = (value: number) => t("composer.secondsValue", { value: number(value) });
  const sizes = sizesOf(model, orientation);
  return (
    <div className={styles.chips}>
      <Chip
        id="orientation"
        name={t("composer.orientation")}
        value={orientation}
        options={model.orientations}
        label={shapeName}
        trigger={shapeIcon(orientation)}
        option={(shape) => (
          <>
            {shapeIcon(shape)} {shapeName(shape)} <span className={styles.aside}>{t(shape === "portrait" ? "composer.ratioTall" : "composer.ratioWide")}</span>
          </>
        )}
        onChoose={(shape) => onWish({ orientation: shape })}
      />
      <Chip
        id="seconds"
        name={t("composer.seconds")}
        value={seconds}
        options={model.seconds}
        label={secondsName}
        onChoose={(value) => onWish({ seconds: value })}
      />
      {size !== null && sizes.length > 1 && (
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
          onChoose={(one) => onWish({ size: one })}
        />
      )}
      {models.models.length > 1 && (
        <Chip
          id="model"
          name={t("composer.model")}
          value={model.id}
          options={models.models.map((one) => one.id)}
          label={(one) => one}
          onChoose={(one) => onWish({ model: one })}
        />
      )}
      {counted && (
        <Chip
          id="count"
          name={t("composer.howMany")}
          value={count}
          options={counts}
          label={(one) => t("composer.countValue", { count: one })}
          trigger={`× ${number(count)}`}
          onChoose={(one) => onWish({ count: one })}
        />
      )}
    </div>
  );
}

interface ChipProps<Value> {
  id: string;
  name: string;
  value: Value;
  options: readonly Value[];
  label: (value: Value) => string;
  /** What stands on the chip, if not the label. */
  trigger?: ReactNode;
  option?: (value: Value) => ReactNode;
  onChoose: (value: Value) => void;
}

function Chip<Value extends string | number>({ id, name, value, options, label, trigger, option = label, onChoose }: ChipProps<Value>) {
  return (
    <Menu
      label={`${name}: ${label(value)}`}
      trigger={trigger ?? <span className={styles.value}>{label(value)}</span>}
      triggerClassName={styles.chip}
      placement="above"
      testId={`composer-${id}`}
    >
      {options.map((one) => (
        <MenuChoice key={one} chosen={one === value} onChoose={() => onChoose(one)}>
          {option(one)}
        </MenuChoice>
      ))}
    </Menu>
  );
}
