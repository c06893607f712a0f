// How to be told that a video is ready. Invariant: the browser's permission is asked for only by switching this on.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Section } from "@/components/ui/Page";
import { Switch } from "@/components/ui/Switch";
import { usePreferences } from "@/lib/preferences/store";

export function Signals() {
  const { t } = useTranslation();
  const { sound, notifications, setSound, setNotifications } = usePreferences();
  const [refused, setRefused] = useState(false);
  const possible = typeof Notification !== "undefined";
  const switchNotifications = async (on: boolean) => {
    const granted = !on || (await Notification.requestPermission()) === "granted";
    setRefused(!granted);
    setNotifications(on && granted);
  };
  return (
    <Section title={t("signals.title")} detail={t("signals.detail")}>
      <Switch label={t("signals.sound")} checked={sound} onChange={setSound} testId="signal-sound" />
      {possible && (
        <Switch
          label={t("signals.notifications")}
          hint={t(refused ? "signals.refused" : "signals.notificationsHint")}
          checked={notifications}
          onChange={(on) => void switchNotifications(on)}
        />
      )}
    </Section>
  );
}
