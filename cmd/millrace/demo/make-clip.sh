#!/usr/bin/env bash
# Draws and encodes clip.flv, the eight seconds that `millrace demo` publishes in
# a loop. Needs ffmpeg with libx264 and the DejaVu fonts (fonts-dejavu-core).
#
# Everything in the picture and in the sound repeats after 8 s, so the loop has no
# seam. Eight seconds are 240 pictures of 1/30 s and exactly 375 AAC frames of
# 1024 samples at 48 kHz, so picture and sound end at the same instant too.
set -euo pipefail
cd "$(dirname "$0")"

out=${1:-clip.flv}
length=8
fonts=${FONTS:-/usr/share/fonts/truetype/dejavu}
sans=$fonts/DejaVuSans.ttf
bold=$fonts/DejaVuSans-Bold.ttf
mono=$fonts/DejaVuSansMono.ttf
for font in "$sans" "$bold" "$mono"; do
	[ -f "$font" ] || { echo "make-clip: $font is missing: apt-get install fonts-dejavu-core" >&2; exit 1; }
done

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
run() { ffmpeg -hide_banner -loglevel error -nostdin -y "$@"; }

# The wheel, drawn once at twice its size (400 x 400 in the picture) and turned
# later: two rims, eight paddles of which one is amber, a hub. geq gives each
# pixel its distance from the shapes' edges as coverage, which smooths them.
rim='clip(4.5-abs(ld(0)-292),0,1)+clip(2.5-abs(ld(0)-236),0,1)'
hub='clip(46-ld(0),0,1)-clip(34-ld(0),0,1)'
paddle='between(ld(0),236,372)*clip(ld(2)+0.5,0,1)'
spoke='between(ld(0),46,236)*clip(2.5-abs(ld(3)),0,1)'
polar='st(0,hypot(X-400,Y-400));st(1,mod(atan2(Y-400,X-400)+2*PI,PI/4));st(3,ld(0)*sin(if(gt(ld(1),PI/8),ld(1)-PI/4,ld(1))));st(2,9-abs(ld(3)))'
amber='lt(abs(atan2(Y-400,X-400)+PI/2),PI/8)*gt(ld(0),230)*gt(ld(2),-1)'
run -f lavfi -i "color=black:s=800x800,format=rgba" -frames:v 1 -vf "geq=\
r='$polar;if($amber,255,126)':g='$polar;if($amber,184,158)':b='$polar;if($amber,77,182)':\
a='$polar;255*clip($rim+$hub+$paddle+0.45*($spoke),0,1)'" "$tmp/wheel.png"

# The ground: a dark gradient, lighter behind the wheel, with a little dither
# against banding.
glow='34*exp(-(pow(X-330,2)+pow(Y-330,2))/110000)'
run -f lavfi -i "color=black:s=1280x720,format=gbrp" -frames:v 1 -vf "geq=\
r='9+0.40*$glow+1.2*random(1)':g='14+0.72*$glow+1.2*random(1)':b='20+$glow+1.2*random(1)'" "$tmp/ground.png"

# The light that flashes for the first 0.1 s of each second, as the tone sounds.
run -f lavfi -i "color=black:s=96x96,format=rgba" -frames:v 1 -vf "geq=\
r=255:g=214:b=130:a='min(255,255*clip(14-hypot(X-48,Y-48),0,1)+150*exp(-pow(hypot(X-48,Y-48)/22,2)))'" "$tmp/light.png"

# The lip-sync scale: its needle crosses the middle at the instant of the tone.
ticks=
for i in 0 1 2 3 4 5 6 7 8 9 10; do
	h=14; [ $((i % 5)) = 0 ] && h=26
	ticks+="drawbox=x=$((640 + i * 54 - 1)):y=$((560 - h)):w=2:h=$h:color=0x5b7183:t=fill,"
done
# Greys and muted colours, for a look at levels and chroma.
swatches=
i=0
for colour in 0x10161c 0x2b343c 0x56616b 0x8b959e 0xd6dce1 0xb9a24a 0x4a9aa0 0x5a9a5a 0x9a5a92 0xa5524c 0x4c62a5; do
	swatches+="drawbox=x=$((640 + i * 50)):y=612:w=42:h=18:color=$colour:t=fill,"
	i=$((i + 1))
done

say() { printf 'drawtext=fontfile=%s:text=%s:fontcolor=%s:fontsize=%s:x=%s:y=%s,' "$1" "'$2'" "$3" "$4" "$5" "$6"; }
second='mod(t+0.5\,1)'
graph="
[0:v]format=gbrp,$ticks$swatches
$(say "$bold" 'Millrace' 0xeef3f6 84 634 126)
$(say "$sans" 'low-latency live streaming' 0x8fa5b5 30 640 226)
$(say "$mono" '00\:%{eif\:floor(t)\:d\:2}.%{eif\:mod(round(t*1000)\,1000)\:d\:3}' 0xeef3f6 62 636 318)
$(say "$mono" 'picture %{eif\:n\:d\:3} of 240' 0x8fa5b5 24 640 396)
$(say "$sans" '-500 ms' 0x5b7183 17 640 568)
$(say "$sans" '0' 0x5b7183 17 904 568)
$(say "$sans" '+500 ms' 0x5b7183 17 1114 568)
$(say "$sans" '1280 × 720   30 pictures/s   H.264   AAC 48 kHz' 0x5b7183 20 640 652)
null[card];
[1:v]format=rgba,rotate=a=2*PI*t/8:c=none,scale=400:400:flags=area[wheel];
[card][wheel]overlay=x=130:y=170:format=gbrp[turning];
[turning][2:v]overlay=x=282:y=96:format=gbrp:enable='lt(mod(t,1),0.1)'[lit];
[3:v]format=rgba[needle];
[lit][needle]overlay=x='638+540*$second':y=520:format=gbrp,
scale=out_color_matrix=bt709:out_range=tv,format=yuv420p[v]"

still() { printf -- '-loop 1 -framerate 30 -t %s -i %s ' "$length" "$1"; }
# shellcheck disable=SC2046 # the inputs are meant to fall into words
run $(still "$tmp/ground.png") $(still "$tmp/wheel.png") $(still "$tmp/light.png") \
	-f lavfi -t "$length" -i "color=0xffb84d:s=4x40:r=30" \
	-filter_complex "$(tr -d '\n' <<<"$graph")" -map '[v]' \
	-c:v libx264 -profile:v main -level 3.1 -refs 3 -preset veryslow -aq-mode 3 -tune zerolatency -threads 1 \
	-bf 0 -g 60 -keyint_min 60 -sc_threshold 0 -crf 22 -maxrate 1500k -bufsize 1500k \
	-color_primaries bt709 -color_trc bt709 -colorspace bt709 \
	-bsf:v filter_units=remove_types=6 -f h264 "$tmp/picture.h264"

# The sound: a soft chord (all its frequencies are whole eighths of a hertz, so
# that it repeats) and a bell on each second, higher on the first of the eight.
# An AAC decoder's output trails its input by 1024 samples: the tones are drawn as
# much early. Two rounds are encoded and the second is kept, whose first frame
# overlaps with the sound before it, as each round's in the loop does.
early='(t+1024/48000)'
chord() { printf '0.035*(sin(2*PI*%s*%s)+0.8*sin(2*PI*%s*%s)+0.6*sin(2*PI*%s*%s))*(0.75+0.25*sin(2*PI*%s/8))' \
	"$1" "$early" "$2" "$early" "$3" "$early" "$early"; }
pitch="if(lt(mod($early,8),1),1174.625,880)"
bell="0.22*exp(-14*mod($early,1))*min(1,mod($early,1)*400)*(sin(2*PI*$pitch*mod($early,1))+0.3*sin(4*PI*$pitch*mod($early,1)))"
run -f lavfi -i "aevalsrc=exprs='$(chord 146.875 220 329.625)+$bell|$(chord 146.875 220.25 369.875)+$bell':s=48000:d=17" \
	-c:a aac -b:a 128k "$tmp/two-rounds.aac"
run -i "$tmp/two-rounds.aac" -c copy -bsf:a "noise=drop='lt(n,375)+gte(n,750)'" "$tmp/sound.aac"

run -framerate 30 -i "$tmp/picture.h264" -i "$tmp/sound.aac" -map 0:v -map 1:a -c copy \
	-flvflags no_duration_filesize -metadata encoder= -fflags +bitexact -f flv "$out"
ls -l "$out" >&2
