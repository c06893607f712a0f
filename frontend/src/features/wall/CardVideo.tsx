// The finished video on its card: its poster, and the video itself once it is wanted. Invariant: silent, playing only under the
// pointer or focus, one at a time; without a poster the video's own beginning stands for it.
import { useEffect, useRef, useState, type RefObject } from "react";
import { contentUrl, posterUrl } from "@/lib/api/endpoints";
import styles from "./CardVideo.module.css";

const hoverDelayMs = 150;
/** A card that is only scrolled past fetches nothing. */
const restMs = 120;
/** Not the first frame, which is often black. */
const posterAt = 0.1;

interface Props {
  videoId: string;
  /** Whether there is a poster; it is made after the video. */
  hasPoster: boolean;
  card: RefObject<HTMLElement | null>;
}

export function CardVideo({ videoId, hasPoster, card }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const [shown, setShown] = useState(false);
  const [broken, setBroken] = useState(false);
  const [wanted, setWanted] = useState(false);
  const rested = useRested();
  useHoverPlay(card, video, setWanted);
  const poster = hasPoster && !broken;
  return (
    <>
      {poster && rested && (
        <img
          // From the cache it may be there before anyone listens.
          ref={(image) => {
            if (image?.complete && image.naturalWidth > 0) setShown(true);
          }}
          className={styles.video}
          data-shown={shown}
          src={posterUrl(videoId)}
          alt=""
          decoding="async"
          onLoad={() => setShown(true)}
          onError={() => setBroken(true)}
        />
      )}
      <video
        ref={video}
        className={styles.video}
        data-shown={poster ? wanted : shown}
        src={wanted || (!poster && rested) ? `${contentUrl(videoId)}#t=${posterAt}` : undefined}
        preload="metadata"
        muted
        loop
        playsInline
        disablePictureInPicture
        tabIndex={-1}
        aria-hidden
        onLoadedData={() => setShown(true)}
      />
    </>
  );
}

function useRested(): boolean {
  const [rested, setRested] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setRested(true), restMs);
    return () => window.clearTimeout(timer);
  }, []);
  return rested;
}

/** The card that plays at this moment: on touching another one, a slow one must not go on beside it. */
let stopPlaying: (() => void) | null = null;

function useHoverPlay(card: RefObject<HTMLElement | null>, video: RefObject<HTMLVideoElement | null>, want: (wanted: boolean) => void): void {
  useEffect(() => {
    const element = card.current;
    const player = video.current;
    if (!element || !player || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    let timer = 0;
    const stop = () => {
      window.clearTimeout(timer);
      if (stopPlaying === leave) stopPlaying = null;
      player.pause();
    };
    const leave = () => {
      stop();
      if (player.readyState > 0) player.currentTime = posterAt;
      want(false);
    };
    const play = () => {
      if (stopPlaying !== leave) stopPlaying?.();
      stopPlaying = leave;
      want(true);
      // The address may only come with the next drawing.
      requestAnimationFrame(() => void player.play().catch(() => undefined));
    };
    const enter = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(play, hoverDelayMs);
    };
    const focusOut = ({ relatedTarget }: FocusEvent) => {
      if (!(relatedTarget instanceof Node && element.contains(relatedTarget))) leave();
    };
    const listening = new AbortController();
    const { signal } = listening;
    element.addEventListener("pointerenter", enter, { signal });
    element.addEventListener("pointerleave", leave, { signal });
    element.addEventListener("focusin", enter, { signal });
    element.addEventListener("focusout", focusOut, { signal });
    return () => {
      listening.abort();
      // Without seeking: the video may be gone from the server as well.
      stop();
    };
  }, [card, video, want]);
}
