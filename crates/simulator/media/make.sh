#!/bin/sh
# Draws the simulator's clips with ffmpeg's expression filter: 5 s, 24 fps, H.264, seamless loops.
# usage: ./make.sh [CLIP…]      (all clips by default; about five minutes)
set -eu
cd "$(dirname "$0")"

# P makes one turn per loop, so that the last frame leads into the first; x and y run from 0 to 1.
P='(T*2*PI/5)'; x='(X/W)'; y='(Y/H)'
stars='gt(mod(abs(sin(X*12.9898+Y*78.233)*43758.5453),1),0.9982)'

# draw NAME DRAWN-SIZE FINAL-SIZE RED GREEN BLUE
draw() {
    ffmpeg -hide_banner -loglevel error -y -f lavfi -i "color=black:s=$2:r=24:d=5,format=gbrp,geq=r='clip($4,0,255)':g='clip($5,0,255)':b='clip($6,0,255)'" \
        -vf "scale=$3:flags=bicubic,vignette=PI/5,noise=alls=2:allf=t,format=yuv420p" \
        -c:v libx264 -profile:v main -preset veryslow -crf 27 -g 48 -movflags +faststart -map_metadata -1 -fflags +bitexact -an "$1.mp4"
}

sea() {
    sun="exp(-(pow(($x-0.62)*1.78,2)+pow($y-0.47,2))*60)"
    disc="clip((0.062-hypot(($x-0.62)*1.78,$y-0.47))*120,0,1)"
    sky="lt($y,0.56)"; d="max($y-0.56,0.004)"
    swell="sin(2.6/($d+0.045)+$x*9+2*$P)*0.5+sin(4.1/($d+0.05)-$x*14+3*$P)*0.3+sin(90*$d+$x*31-4*$P)*0.2"
    glint="exp(-pow(($x-0.62+0.03*($swell))/(0.045+0.42*$d),2))*clip(0.45+0.75*($swell),0,1)"
    draw sea 640x360 640x360 \
        "if($sky, 38+205*pow($y/0.56,1.6)+120*$sun+160*$disc, 92-120*$d+24*($swell)+215*$glint)" \
        "if($sky, 30+105*pow($y/0.56,2.1)+105*$sun+130*$disc, 52-50*$d+16*($swell)+150*$glint)" \
        "if($sky, 78+30*pow($y/0.56,1.2)+30*$sun+70*$disc,    74-60*$d+18*($swell)+70*$glint)"
}

aurora() {
    ridge="(0.83-0.07*sin($x*5+0.6)-0.035*sin($x*13+2)-0.012*sin($x*41)-0.006*sin($x*97+1))"
    fold1="($y-0.52-0.10*sin($x*4.5+$P)-0.03*sin($x*11-2*$P))"; fold2="($y-0.38-0.08*sin($x*3.4+2-$P)-0.04*sin($x*8+2*$P))"
    rays="(0.62+0.38*sin($x*46+4*sin($x*5+$P)+$P))"
    veil1="(if(lt($fold1,0),exp($fold1*6.5),exp(-$fold1*38))*$rays)"; veil2="(if(lt($fold2,0),exp($fold2*8),exp(-$fold2*30))*(1.2-$rays)*0.7)"
    land="gt($y,$ridge)"
    draw aurora 640x360 640x360 \
        "if($land, 4, 8+10*$y+40*$veil1*(1-$y)+95*$veil2+150*$stars)" \
        "if($land, 7+10*($y-$ridge), 12+22*$y+205*$veil1+60*$veil2+150*$stars)" \
        "if($land, 12, 30+26*$y+105*$veil1+135*$veil2+160*$stars)"
}

galaxy() {
    u="(($x-0.5)*1.78*1.05+($y-0.5)*0.45)"; v="(($y-0.5)*1.9-($x-0.5)*0.35)"
    r="(hypot($u,$v)+0.02)"; a="atan2($v,$u)"
    arm="pow(0.5+0.5*sin(2*$a+7*log($r)+2*$P),2)"
    fine="(0.75+0.25*sin(6*$a+17*log($r)+2*$P+2*sin(9*$r)))"
    disk="exp(-$r*3.6)"; core="exp(-$r*$r*60)"
    draw galaxy 640x360 640x360 \
        "10+250*$disk*$arm*$fine+70*$disk+225*$core+130*$stars" \
        "9+150*$disk*$arm*$fine+50*$disk+190*$core+130*$stars" \
        "26+265*$disk*(0.30+0.70*$arm)*$fine+40*$disk+120*$core+150*$stars"
}

# hill BASE HEIGHT WAVES TURNS PHASE: whether the pixel is below a ridge that drifts TURNS times per loop
hill() { printf '%s' "gt($y,$1-$2*sin($x*$3+$4*$P+$5)-$2*0.35*sin($x*$3*2.3+$4*2*$P+$5*2))"; }

hills() {
    moon="clip((0.125-hypot($x-0.64,($y-0.25)*1.78))*140,0,1)"; halo="exp(-(pow($x-0.64,2)+pow(($y-0.25)*1.78,2))*9)"
    a=$(hill 0.86 0.035 5 3 1); b=$(hill 0.75 0.040 4.4 2 4); c=$(hill 0.65 0.035 5.2 1 0); d=$(hill 0.57 0.022 6.5 1 2); e=$(hill 0.50 0.014 8 1 5)
    draw hills 360x640 360x640 \
        "if($a, 22, if($b, 52, if($c, 98, if($d, 158, if($e, 205, 250-70*$y+40*$halo+30*$moon)))))+16*(1-$y)" \
        "if($a, 20, if($b, 34, if($c, 56, if($d, 92, if($e, 132, 120+120*$y+70*$halo+90*$moon)))))" \
        "if($a, 46, if($b, 72, if($c, 92, if($d, 112, if($e, 130, 128+36*$y+40*$halo+70*$moon)))))"
}

lanterns() {
    glow=0; heart=0; i=0
    # horizontal position, start height, size: in hundredths
    for lantern in 12,5,20 34,62,46 55,20,26 78,88,58 90,40,18 24,104,30 66,52,16 45,92,14 83,8,34; do
        i=$((i + 1)); px=${lantern%%,*}; rest=${lantern#*,}; start=${rest%,*}; size=${rest#*,}; way=$((i % 2 + 1))
        lx="($x-$px/100-0.02*sin($way*$P+$i))"; ly="($y+0.1-mod($start/100+1.2-0.24*T,1.2))*1.5"
        dist="(($lx)*($lx)+($ly)*($ly))*10000/($size)"
        glow="$glow+exp(-($dist)/7)"; heart="$heart+exp(-($dist)*($dist)/2)"
    done
    draw lanterns 180x320 360x640 \
        "16+22*$y+150*($glow)+110*($heart)" \
        "14+12*$y+72*($glow)+115*($heart)" \
        "38-6*$y+20*($glow)+70*($heart)"
}

reef() {
    wx="($x*5+0.7*sin($y*9+$P)+0.4*sin($y*17-2*$P))"; wy="($y*9+0.7*sin($x*6-$P)+0.4*sin($x*11+2*$P))"
    net="pow(1-abs(sin($wx*1.3+sin($wy)+$P)*sin($wy*1.1+sin($wx*1.2)-$P)),7)"
    shaft="pow(0.5+0.5*sin(($x-0.25*$y)*15+1.4*sin($P+$x*3)),3)*exp(-$y*1.7)"
    deep="exp(-$y*1.5)"
    draw reef 180x320 360x640 \
        "4+30*$deep+95*$shaft+70*$net*$deep" \
        "26+120*$deep+110*$shaft+120*$net*(0.25+0.75*$deep)" \
        "52+118*$deep+80*$shaft+105*$net*(0.35+0.65*$deep)"
}

[ $# -gt 0 ] || set -- sea aurora galaxy hills lanterns reef
for clip; do "$clip"; done
