// The finished video on its card: its poster, and the video itself once it is wanted. Invariant: silent, playing only under the
// pointer or focus, one at a time; without a poster the video's own beginning stands for it.
import { useEffect, useRef, useState, type RefObject } from "react";
import { contentUrl, posterUrl } from "@/lib/api/endpoints";
import styles from "./CardVideo.module.css";

const hoverDelayMs = 150;
/** A card that is only scrolled past fetches nothing. */
const loadDelayMs = 120;
/** Not the first frame, which is often black. */
const previewStartSeconds = 0.1;

interface Props {
  videoId: string;
  /** Whether there is a poster; it is made after the video. */
  hasPoster: boolean;
  card: RefObject<HTMLElement | null>;
}

export function CardVideo({ videoId, hasPoster, card }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const [loaded, setLoaded] = useState(false);
  const [posterFailed, setPosterFailed] = useState(false);
  const [active, setActive] = useState(false);
  const settled = useLoadDelay();
  useHoverPlay(card, video, setActive);
  const showPoster = hasPoster && !posterFailed;
  return (
    <>
      {showPoster && settled && (
        <img
          // From the cache it may be there before anyone listens.
          ref={(image) => {
            if (image?.complete && image.naturalWidth > 0) setLoaded(true);
          }}
          className={styles.video}
          data-shown={loaded}
          src={posterUrl(videoId)}
          alt=""
          decoding="async"
          onLoad={() => setLoaded(true)}
          onError={() => setPosterFailed(true)}
        />
      )}
      <video
        ref={video}
        className={styles.video}
        data-shown={showPoster ? active : loaded}
        src={active || (!showPoster && settled) ? `${contentUrl(videoId)}#t=${previewStartSeconds}` : undefined}
        preload="metadata"
        muted
        loop
        playsInline
        disablePictureInPicture
        tabIndex={-1}
        aria-hidden
        onLoadedData={() => setLoaded(true)}
      />
    </>
  );
}

function useLoadDelay(): boolean {
  const [settled, setRested] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setRested(true), loadDelayMs);
    return () => window.clearTimeout(timer);
  }, []);
  return settled;
}

/** The card that plays at this moment: on touching another one, a slow one must not go on beside it. */
let stopCurrent: (() => void) | null = null;

function useHoverPlay(card: RefObject<HTMLElement | null>, video: RefObject<HTMLVideoElement | null>, setActive: (active: boolean) => void): void {
  useEffect(() => {
    const element = card.current;
    const player = video.current;
    if (!element || !player || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    let timer = 0;
    const stop = () => {
      window.clearTimeout(timer);
      if (stopCurrent === leave) stopCurrent = null;
      player.pause();
    };
    const leave = () => {
      stop();
      if (player.readyState > 0) player.currentTime = previewStartSeconds;
      setActive(false);
    };
    const play = () => {
      if (stopCurrent !== leave) stopCurrent?.();
      stopCurrent = leave;
      setActive(true);
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
    const controller = new AbortController();
    const { signal } = controller;
    element.addEventListener("pointerenter", enter, { signal });
    element.addEventListener("pointerleave", leave, { signal });
    element.addEventListener("focusin", enter, { signal });
    element.addEventListener("focusout", focusOut, { signal });
    return () => {
      controller.abort();
      // Without seeking: the video may be gone from the server as well.
      stop();
    };
  }, [card, video, setActive]);
}
