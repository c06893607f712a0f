// The composer's state: draft, settings and notice. Invariant: the draft is stored per user, survives a reload and an expired session,
// and is never shown to another user.
import { create } from "zustand";
import type { ApiError } from "@/lib/api/client";
import { removeText, writeText } from "@/lib/storage";
import { draftKey, emptyDraft, readDraft, type StoredDraft } from "./draft";
import type { RequestedSettings, SettingName } from "./settings";
import type { Draft } from "./videoRequest";

/** The result of the last request, when it was not accepted. */
export interface Notice {
  /** `unconfirmed`: no response arrived, so that it may have been accepted. */
  kind: "rejected" | "unconfirmed";
  error: Pick<ApiError, "code" | "fields" | "retryAt">;
  /** The text to restore, when the box already contained another. */
  text: string | null;
}

/** Attached to one text, and removed with it. */
type Attachments = Pick<Draft, "imageId" | "remixOf">;
const noAttachments: Attachments = { imageId: null, remixOf: null };

interface ComposerStore extends StoredDraft {
  userId: string | null;
  notice: Notice | null;
  open: (userId: string) => void;
  /** Resets the state; `erase` also deletes the stored draft. */
  close: (erase: boolean) => void;
  setText: (text: string) => void;
  setSettings: (changes: Partial<RequestedSettings>) => void;
  setAttachments: (changes: Partial<Attachments>) => void;
  /** Empties the box. `forget` are requested settings that the model could not fulfil and that the user has been told about. */
  submitted: (text: string, forget?: readonly SettingName[]) => void;
  submitFailed: (draft: Draft, notice: Omit<Notice, "text">) => void;
  restoreText: () => void;
  dismissNotice: () => void;
}

const initial = { ...emptyDraft, userId: null, notice: null };

export const useComposer = create<ComposerStore>()((set, get) => ({
  ...initial,
  open: (userId) => set({ ...initial, ...readDraft(userId), userId }),
  close: (erase) => {
    const { userId } = get();
    set(initial);
    if (erase && userId !== null) removeText(draftKey(userId));
  },
  // Clearing the text also ends the remix.
  setText: (text) => set((state) => ({ text, remixOf: text === "" ? null : state.remixOf })),
  setSettings: (changes) => set(changes),
  setAttachments: (changes) => set(changes),
  submitted: (text, forget = []) =>
    set((state) => ({
      last: text,
      notice: null,
      ...Object.fromEntries(forget.map((name) => [name, null])),
      ...(state.text === text && { text: "", ...noAttachments }),
    })),
  submitFailed: ({ text, imageId, remixOf }, notice) =>
    set((state) =>
      state.text === ""
        ? { text, imageId: state.imageId ?? imageId, remixOf, notice: { ...notice, text: null } }
        : { notice: { ...notice, text: state.text === text ? null : text } },
    ),
  restoreText: () => set((state) => (state.notice?.text ? { text: state.notice.text, notice: { ...state.notice, text: null } } : state)),
  dismissNotice: () => set({ notice: null }),
}));

/** Stores every change of the draft. Returns a function that stops it. */
export const persistDraft = (): (() => void) =>
  useComposer.subscribe((state, previous) => {
    if (state.userId === null || state.userId !== previous.userId) return;
    const { text, last, model, orientation, seconds, size, count, imageId, remixOf } = state;
    const draft: StoredDraft = { text, last, model, orientation, seconds, size, count, imageId, remixOf };
    writeText(draftKey(state.userId), JSON.stringify(draft));
  });
