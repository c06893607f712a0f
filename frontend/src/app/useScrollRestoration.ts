// Restores the gallery's scroll position after another view. Invariant: every other view opens at its top.
import { useEffect, useLayoutEffect, useRef } from "react";

export function useScrollRestoration(path: string): void {
  const galleryOffset = useRef(0);
  useLayoutEffect(() => {
    // The browser would restore it before the gallery has its height.
    history.scrollRestoration = "manual";
    window.scrollTo(0, path === "/" ? galleryOffset.current : 0);
  }, [path]);
  useEffect(() => {
    if (path !== "/") return;
    const remember = () => {
      galleryOffset.current = window.scrollY;
    };
    window.addEventListener("scroll", remember, { passive: true });
    return () => window.removeEventListener("scroll", remember);
  }, [path]);
}
