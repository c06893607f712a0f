// Sets up the languages. English is part of the page, because it is also the fallback; others are loaded when they are selected.
// Invariant: a language takes effect, with its formats and the document's `lang`, only once its texts are loaded.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { languageTags, usePreferences, type Language } from "@/lib/preferences/store";
import en from "./en.json";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof en };
  }
}

/** Sets up the preferred language; English if its texts cannot be loaded. */
export async function setupI18n(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: languageTags.en,
    fallbackLng: languageTags.en,
    resources: { en: { translation: en } },
    // React escapes what it renders.
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  const { language } = usePreferences.getState();
  try {
    await activate(language);
  } catch {
    usePreferences.setState({ language: "en" });
  }
}

/** Rejects, and changes nothing, if the language's texts cannot be loaded. */
export async function changeLanguage(language: Language): Promise<void> {
  await activate(language);
  usePreferences.getState().setLanguage(language);
}

async function activate(language: Language): Promise<void> {
  await loadLanguage(language);
  await i18next.changeLanguage(languageTags[language]);
}

export async function loadLanguage(language: Language): Promise<void> {
  if (i18next.hasResourceBundle(languageTags[language], "translation")) return;
  const { default: texts } = await import("./zh.json");
  i18next.addResourceBundle(languageTags[language], "translation", texts);
}
