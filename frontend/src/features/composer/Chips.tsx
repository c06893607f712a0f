// Shape, length and model, as compact chips. Invariant: only what the server lists can be chosen.
import { useTranslation } from "react-i18next";
import { RectangleHorizontal, RectangleVertical } from "lucide-react";
import { Menu, MenuChoice } from "@/components/ui/Menu";
import type { Models, Orientation } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import type { Settings, Wishes } from "./settings";
import styles from "./Chips.module.css";

interface Props {
  models: Models;
  settings: Settings;
  onWish: (wishes: Partial<Wishes>) => void;
}

const shapeIcon = (orientation: Orientation) =>
  orientation === "portrait" ? <RectangleVertical size={18} aria-hidden /> : <RectangleHorizontal size={18} aria-hidden />;

export function Chips({ models, settings, onWish }: Props) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const { model, orientation, seconds } = settings;
  const shapeName = (shape: Orientation) => t(shape === "portrait" ? "composer.portrait" : "composer.landscape");
  const secondsName = (value: number) => t("composer.secondsValue", { value: number(value) });
  const chip = (name: string, value: string) => `${name}: ${value}`;
  return (
    <div className={styles.chips}>
      <Menu
        label={chip(t("composer.orientation"), shapeName(orientation))}
        trigger={shapeIcon(orientation)}
        triggerClassName={styles.chip}
        placement="above"
        testId="composer-orientation"
      >
        {model.orientations.map((shape) => (
          <MenuChoice key={shape} chosen={shape === orientation} onChoose={() => onWish({ orientation: shape })}>
            {shapeIcon(shape)} {shapeName(shape)}
          </MenuChoice>
        ))}
      </Menu>
      <Menu
        label={chip(t("composer.seconds"), secondsName(seconds))}
        trigger={secondsName(seconds)}
        triggerClassName={styles.chip}
        placement="above"
        testId="composer-seconds"
      >
        {model.seconds.map((value) => (
          <MenuChoice key={value} chosen={value === seconds} onChoose={() => onWish({ seconds: value })}>
            {secondsName(value)}
          </MenuChoice>
        ))}
      </Menu>
      {models.models.length > 1 && (
        <Menu
          label={chip(t("composer.model"), model.id)}
          trigger={<span className={styles.model}>{model.id}</span>}
          triggerClassName={styles.chip}
          placement="above"
          testId="composer-model"
        >
          {models.models.map(({ id }) => (
            <MenuChoice key={id} chosen={id === model.id} onChoose={() => onWish({ model: id })}>
              {id}
            </MenuChoice>
          ))}
        </Menu>
      )}
    </div>
  );
}
