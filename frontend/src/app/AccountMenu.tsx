// Account, language and appearance. Invariant: logging out says so when it did not work, for the session then still lives.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CircleUserRound, LogOut, Settings2 } from "lucide-react";
import { Menu, MenuAction, MenuChoice, MenuGroup } from "@/components/ui/Menu";
import { asApiError } from "@/lib/api/client";
import type { User } from "@/lib/api/types";
import { useErrorText } from "@/lib/i18n/useErrorText";
import { languages, languageTags, usePreferences, type Language } from "@/lib/preferences/store";
import { useSession } from "@/lib/session/store";
import styles from "./AccountMenu.module.css";

/** Each language in its own words, so that it can be found by those who need it. */
const languageNames: Record<Language, string> = { en: "English", zh: "中文" };

export function AccountMenu({ user }: { user: User | null }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const { theme, language, setTheme, setLanguage } = usePreferences();
  const logOut = useSession((state) => state.logOut);
  const [failure, setFailure] = useState<string | null>(null);

  const leave = () => {
    setFailure(null);
    logOut().catch((cause: unknown) => setFailure(errorText(asApiError(cause))));
  };
  return (
    <Menu
      label={t(user ? "account.open" : "account.preferences")}
      trigger={user ? <CircleUserRound size={22} strokeWidth={1.75} aria-hidden /> : <Settings2 size={20} strokeWidth={1.75} aria-hidden />}
      triggerClassName={styles.trigger}
      placement="below"
      testId="account-menu"
    >
      {user && (
        <div className={styles.who}>
          <p className={styles.hint}>{t("account.signedInAs")}</p>
          <p dir="auto">{user.name ?? user.email}</p>
          {user.name !== null && <p className={styles.hint}>{user.email}</p>}
        </div>
      )}
      <MenuGroup label={t("account.language")}>
        {languages.map((one) => (
          <MenuChoice stay key={one} chosen={one === language} onChoose={() => setLanguage(one)}>
            <span lang={languageTags[one]}>{languageNames[one]}</span>
          </MenuChoice>
        ))}
      </MenuGroup>
      <MenuGroup label={t("account.theme")}>
        <MenuChoice stay chosen={theme === "dark"} onChoose={() => setTheme("dark")}>
          {t("account.dark")}
        </MenuChoice>
        <MenuChoice stay chosen={theme === "light"} onChoose={() => setTheme("light")}>
          {t("account.light")}
        </MenuChoice>
      </MenuGroup>
      {user && (
        <div className={styles.leave}>
          <MenuAction onAct={leave}>
            <LogOut size={16} aria-hidden /> {t("account.logOut")}
          </MenuAction>
          {failure !== null && (
            <p role="alert" className={styles.failure}>
              {failure}
            </p>
          )}
        </div>
      )}
    </Menu>
  );
}
