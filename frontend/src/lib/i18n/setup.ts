// The two languages of the page. Invariant: both hold the same keys (a test compares them), and every key is known to the compiler.
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
    // React escapes what it renders; escaping twice would show entities.
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  usePreferences.subscribe(({ language }) => void i18next.changeLanguage(languageTags[language]));
}
