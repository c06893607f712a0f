// Preferences stored in this browser: theme, language, notifications. Invariant: the keys are those that public/theme.js reads.
import { create } from "zustand";
import { readText, writeText } from "@/lib/storage";

export type Theme = "dark" | "light";
export type Language = "en" | "zh";

export const languages: readonly Language[] = ["en", "zh"];
export const languageTags: Record<Language, string> = { en: "en", zh: "zh-CN" };

interface Preferences {
  theme: Theme;
  language: Language;
  /** Play a sound when a video is ready. */
  sound: boolean;
  /** Show a desktop notification when a video is ready and the page is hidden. */
  notifications: boolean;
  setTheme: (theme: Theme) => void;
  setLanguage: (language: Language) => void;
  setSound: (sound: boolean) => void;
  setNotifications: (notifications: boolean) => void;
}

const themeKey = "sora.theme";
const languageKey = "sora.language";
const soundKey = "sora.sound";
const notificationsKey = "sora.notifications";

const toLanguage = (tag: string): Language => (tag.toLowerCase().startsWith("zh") ? "zh" : "en");

export const usePreferences = create<Preferences>()((set) => ({
  theme: readText(themeKey) === "light" ? "light" : "dark",
  language: toLanguage(readText(languageKey) ?? navigator.language),
  sound: readText(soundKey) === "on",
  notifications: readText(notificationsKey) === "on",
  setTheme: (theme) => {
    writeText(themeKey, theme);
    set({ theme });
  },
  setLanguage: (language) => {
    writeText(languageKey, language);
    set({ language });
  },
  setSound: (sound) => {
    writeText(soundKey, sound ? "on" : "off");
    set({ sound });
  },
  setNotifications: (notifications) => {
    writeText(notificationsKey, notifications ? "on" : "off");
    set({ notifications });
  },
}));

/** Applies the preferences to the document, now and on every change. */
export function applyPreferences(): void {
  const applyToDocument = ({ theme, language }: Preferences) => {
    const root = document.documentElement;
    root.dataset.theme = theme;
    root.lang = languageTags[language];
    const background = theme === "light" ? "#faf9f6" : "#0b0b0c";
    document.querySelector('meta[name="theme-color"]')?.setAttribute("content", background);
  };
  applyToDocument(usePreferences.getState());
  usePreferences.subscribe(applyToDocument);
}
