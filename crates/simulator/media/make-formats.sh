#!/bin/sh
# Derives the simulator's other files from its clips, with ffmpeg: containers, HLS segments, a cover, a poster, and audio.
# usage: ./make-formats.sh      (a few seconds)
set -eu
cd "$(dirname "$0")"

convert() { ffmpeg -hide_banner -loglevel error -y "$@"; }

convert -i sea.mp4 -t 2 -c copy -movflags frag_keyframe+empty_moov+default_base_moof -map_metadata -1 -fflags +bitexact formats/fragmented.mp4
convert -i sea.mp4 -t 2 -vf scale=320:180 -c:v libvpx-vp9 -b:v 60k -map_metadata -1 -fflags +bitexact formats/video.webm
convert -i sea.mp4 -t 1 -c copy -f mpegts -map_metadata -1 -fflags +bitexact formats/segment0.ts
convert -ss 2 -i sea.mp4 -t 1 -c copy -output_ts_offset 1 -f mpegts -map_metadata -1 -fflags +bitexact formats/segment1.ts
convert -i sea.mp4 -frames:v 1 -vf scale=320:180 -q:v 8 -map_metadata -1 -fflags +bitexact formats/poster.jpg
convert -i sea.mp4 -frames:v 1 -vf scale=320:180 -c:v libwebp -quality 40 -map_metadata -1 -fflags +bitexact formats/cover.webp
convert -i sea.mp4 -frames:v 1 -vf scale=160:90 -c:v libaom-av1 -still-picture 1 -crf 45 -cpu-used 8 -map_metadata -1 -fflags +bitexact formats/picture.avif
convert -f lavfi -i anullsrc=r=8000:cl=mono -t 0.2 -c:a aac -b:a 8k -brand 'M4A ' -f ipod -map_metadata -1 -fflags +bitexact formats/audio.m4a
