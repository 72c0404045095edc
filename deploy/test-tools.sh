#!/usr/bin/env bash
# The programs the tests drive: installed from Debian's packages where that is possible, else named with what is left out.
set -u
declare -A package=([chromium]=chromium [lynx]=lynx [w3m]=w3m [initdb]=postgresql [pdftotext]=poppler-utils [ffmpeg]=ffmpeg)
declare -A tests=([chromium]="the browser tests" [lynx]="the lynx tests" [w3m]="the w3m tests" [initdb]="the tests on PostgreSQL" [pdftotext]="the reading of printed pages" [ffmpeg]="the making of recordings")
# Libraries and fonts, by a file of theirs: without Pango the site makes no PDF, and its forms are printed by the browser.
declare -A libraries=([libpango-1.0.so.0]=libpango-1.0-0 [libpangoft2-1.0.so.0]=libpangoft2-1.0-0 [libharfbuzz-subset.so.0]=libharfbuzz-subset0 [LiberationSerif-Regular.ttf]=fonts-liberation [DejaVuSans.ttf]=fonts-dejavu-core)
missing=() lacking=()
for program in "${!package[@]}"; do
  command -v "$program" >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/$program" >/dev/null || missing+=("$program")
done
for file in "${!libraries[@]}"; do
  compgen -G "/usr/lib/*/$file" >/dev/null || compgen -G "/usr/lib*/$file" >/dev/null || compgen -G "/usr/share/fonts/truetype/*/$file" >/dev/null || lacking+=("${libraries[$file]}")
done
[ $((${#missing[@]} + ${#lacking[@]})) -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  wanted=("${lacking[@]}"); for program in "${missing[@]}"; do wanted+=("${package[$program]}"); done
  log=$(mktemp)
  { apt-get update && apt-get install -y --no-install-recommends "${wanted[@]}"; } >"$log" 2>&1 && exit 0
  tail -5 "$log"
fi
for program in "${missing[@]}"; do
  echo "left out: ${tests[$program]} (install the package ${package[$program]})"
done
[ ${#lacking[@]} -eq 0 ] || echo "left out: the making of PDFs (install the packages ${lacking[*]})"
exit 0
