// Shows a finished video on its card: the poster, and on hover or focus the video. Invariant: muted, and one card plays at a time.
// Without a poster the video's first moments are shown instead.
import { useEffect, useRef, useState, type RefObject } from "react";
import { contentUrl, posterUrl } from "@/lib/api/urls";
import styles from "./CardVideo.module.css";

const hoverDelayMs = 150;
/** Cards that are only scrolled past load nothing. */
const loadDelayMs = 120;
/** The first frame is often black. */
const previewStartSeconds = 0.1;

interface Props {
  videoId: string;
  /** The poster is created after the video, so that it may be missing. */
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
          // A cached image may have loaded before the listener was attached.
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
  const [settled, setSettled] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(true), loadDelayMs);
    return () => window.clearTimeout(timer);
  }, []);
  return settled;
}

/** Stops the card that is playing, when another one starts. */
let stopCurrent: (() => void) | null = null;

function useHoverPlay(card: RefObject<HTMLElement | null>, video: RefObject<HTMLVideoElement | null>, setActive: (active: boolean) => void): void {
  useEffect(() => {
    const element = card.current;
    const player = video.current;
    if (!element || !player || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    let timer = 0;
    const stop = () => {
      window.clearTimeout(timer);
      if (stopCurrent === deactivate) stopCurrent = null;
      player.pause();
    };
    const deactivate = () => {
      stop();
      if (player.readyState > 0) player.currentTime = previewStartSeconds;
      setActive(false);
    };
    const activate = () => {
      if (stopCurrent !== deactivate) stopCurrent?.();
      stopCurrent = deactivate;
      setActive(true);
      // The video's source is set by the next render.
      requestAnimationFrame(() => void player.play().catch(() => undefined));
    };
    const activateLater = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(activate, hoverDelayMs);
    };
    const onFocusOut = ({ relatedTarget }: FocusEvent) => {
      if (!(relatedTarget instanceof Node && element.contains(relatedTarget))) deactivate();
    };
    const controller = new AbortController();
    const { signal } = controller;
    element.addEventListener("pointerenter", activateLater, { signal });
    element.addEventListener("pointerleave", deactivate, { signal });
    element.addEventListener("focusin", activateLater, { signal });
    element.addEventListener("focusout", onFocusOut, { signal });
    return () => {
      controller.abort();
      // Without seeking: the video may have been deleted on the server.
      stop();
    };
  }, [card, video, setActive]);
}
