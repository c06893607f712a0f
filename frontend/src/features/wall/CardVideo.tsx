// The finished video on its card. Invariant: fetched only when near the screen, silent, and playing only under the pointer or focus.
import { useEffect, useRef, useState, type RefObject } from "react";
import { contentUrl } from "@/lib/api/endpoints";
import styles from "./CardVideo.module.css";

const hoverDelayMs = 150;
/** Not the first frame, which is often black. */
const posterAt = 0.1;

interface Props {
  videoId: string;
  card: RefObject<HTMLElement | null>;
}

export function CardVideo({ videoId, card }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const near = useNear(card);
  const [shown, setShown] = useState(false);
  useHoverPlay(card, video);
  return (
    <video
      ref={video}
      className={styles.video}
      data-shown={shown}
      src={near ? `${contentUrl(videoId)}#t=${posterAt}` : undefined}
      preload="metadata"
      muted
      loop
      playsInline
      disablePictureInPicture
      tabIndex={-1}
      aria-hidden
      onLoadedData={() => setShown(true)}
    />
  );
}

function useNear(target: RefObject<HTMLElement | null>): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (!target.current) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (!entry?.isIntersecting) return;
        setNear(true);
        observer.disconnect();
      },
      { rootMargin: "300px" },
    );
    observer.observe(target.current);
    return () => observer.disconnect();
  }, [target]);
  return near;
}

function useHoverPlay(card: RefObject<HTMLElement | null>, video: RefObject<HTMLVideoElement | null>): void {
  useEffect(() => {
    const element = card.current;
    const player = video.current;
    if (!element || !player || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    let timer = 0;
    const enter = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void player.play().catch(() => undefined), hoverDelayMs);
    };
    const leave = () => {
      window.clearTimeout(timer);
      player.pause();
      if (player.readyState > 0) player.currentTime = posterAt;
    };
    element.addEventListener("pointerenter", enter);
    element.addEventListener("pointerleave", leave);
    element.addEventListener("focusin", enter);
    element.addEventListener("focusout", leave);
    return () => {
      leave();
      element.removeEventListener("pointerenter", enter);
      element.removeEventListener("pointerleave", leave);
      element.removeEventListener("focusin", enter);
      element.removeEventListener("focusout", leave);
    };
  }, [card, video]);
}
