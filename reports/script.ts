/**
 * The only script of a report: it offers the embedded results as a file and toggles nothing else; without it the page
 * loses that button and nothing more. Its hash stands in the page's content security policy, so no other script runs.
 */
import { createHash } from "node:crypto";

export const PAGE_SCRIPT = `(() => {
  const data = document.getElementById("results");
  const button = document.getElementById("download");
  if (!data || !button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const text = JSON.stringify(JSON.parse(data.textContent), null, 2) + "\\n";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = button.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });
})();`;

/** Nothing is fetched from anywhere, and only this script runs. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `script-src 'sha256-${createHash("sha256").update(PAGE_SCRIPT).digest("base64")}'`,
  "style-src 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");
