// Settings for how to announce a finished video. Invariant: asks for the browser's permission only when the switch is turned on.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Section } from "@/components/ui/Page";
import { Switch } from "@/components/ui/Switch";
import { usePreferences } from "@/lib/preferences/store";

export function Notifications() {
  const { t } = useTranslation();
  const { sound, notifications, setSound, setNotifications } = usePreferences();
  const [blocked, setBlocked] = useState(false);
  const supported = typeof Notification !== "undefined";
  const toggleNotifications = async (on: boolean) => {
    const granted = !on || (await Notification.requestPermission()) === "granted";
    setBlocked(!granted);
    setNotifications(on && granted);
  };
  return (
    <Section title={t("notificationSettings.title")} detail={t("notificationSettings.detail")}>
      <Switch label={t("notificationSettings.sound")} checked={sound} onChange={setSound} testId="notifications-sound" />
      {supported && (
        <Switch
          label={t("notificationSettings.desktop")}
          hint={t(blocked ? "notificationSettings.blocked" : "notificationSettings.desktopHint")}
          checked={notifications}
          onChange={(on) => void toggleNotifications(on)}
        />
      )}
    </Section>
  );
}
