// Sets up the two languages. Invariant: both have the same keys (tested), and the compiler checks every key.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { languageTags, usePreferences } from "@/lib/preferences/store";
import en from "./en.json";
import zh from "./zh.json";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof en };
  }
}

export async function setupI18n(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: languageTags[usePreferences.getState().language],
    fallbackLng: "en",
    resources: { en: { translation: en }, "zh-CN": { translation: zh } },
    // React escapes what it renders.
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  usePreferences.subscribe(({ language }) => void i18next.changeLanguage(languageTags[language]));
}
