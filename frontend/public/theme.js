// Sets theme and language before the first paint, so that nothing flashes. The keys are those of src/lib/preferences/store.ts.
(function () {
  try {
    var root = document.documentElement;
    if (localStorage.getItem("sora.theme") === "light") root.dataset.theme = "light";
    var language = localStorage.getItem("sora.language") || navigator.language || "en";
    root.lang = language.toLowerCase().indexOf("zh") === 0 ? "zh-CN" : "en";
  } catch {
    // Storage may be blocked; keep the defaults.
  }
})();
