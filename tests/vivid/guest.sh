#!/bin/busybox sh
# The init of the virtual machine that run.sh boots: loads vivid, the kernel's own V4L2 test driver, runs
# the program against it, does to the camera what may befall one, and says on the console what came of it.
#
# Each function `case_NAME` is a test, in this order; run.sh expects a line of each. Some share a session,
# because the networks take seconds to load on an emulated processor. Nobody stands before this camera, so a
# session waits until it is ended.
#
# Limits in seconds are far beyond what was measured, since the host may be busy; what a case took is in
# its line.

/bin/busybox --install -s /bin
export HOME=/tmp

OUT=/tmp/out
LOG=/tmp/log.jsonl
DRIVER=/sys/bus/platform/drivers/vivid
# What the program promises is 1 s; emulated, and with all its threads in the networks, it took 0.5.
STOPS=3

# Hundredths of a second since boot.
now() {
  read -r up _ </proc/uptime
  echo "${up%.*}${up#*.}"
}

# Adds to what this case says.
note() { detail="$detail${detail:+, }$*"; }

# Adds how many seconds have passed since a moment: `took WHAT MOMENT`.
took() {
  hundredths=$(($(now) - $2))
  note "$1 $((hundredths / 100)).$(printf %02d $((hundredths % 100))) s"
}

# Calls a command until it succeeds: `within SECONDS COMMAND...`; fails when the time is up.
within() {
  until_then=$(($(now) + $1 * 100))
  shift
  until "$@"; do
    [ "$(now)" -lt $until_then ] || return 1
    usleep 30000
  done
}

# Loads vivid as one webcam, which has a second device file for metadata as real ones do, with the parameters
# given beside; what vivid needs is loaded with the first call.
load() {
  local module
  for module in /modules/*; do
    case $module in
      *-vivid.ko) insmod "$module" n_devs=1 node_types=0x20001 num_inputs=1 input_types=0 "$@" ;;
      *) [ -e /tmp/loaded ] || insmod "$module" ;;
    esac
  done
  touch /tmp/loaded
}

# The device file that gives pictures, wherever it is.
camera() {
  grep -l 'vid-cap$' /sys/class/video4linux/video*/name | sed 's|.*/\(video[0-9]*\)/name|/dev/\1|'
}

# Sets one of vivid's own controls: `control NAME=VALUE`.
control() {
  answer=$(v4l2-ctl -d "$(camera)" -c "$1" 2>&1) || { note "no control $1: $answer"; return 1; }
}

# Takes the camera from its driver, and gives it back: what the system does when a plug is pulled.
unplug() { echo vivid.0 >$DRIVER/unbind; }
plug() { echo vivid.0 >$DRIVER/bind; }

# Starts the program; its lines are for `hear`, its end for `ended`.
start() {
  rm -f /tmp/code
  : >$OUT
  line=1
  (
    liveness "$@" >$OUT 2>&1
    echo $? >/tmp/code.new
    mv /tmp/code.new /tmp/code
  ) &
}

# Whether a line like this is there; what follows it is heard next.
said() {
  found=$(tail -n +$line $OUT | grep -n -m 1 -e "$1") || return 1
  line=$((line + ${found%%:*}))
}

# Whether that line is there, which $heard then says, or nothing more will come.
settled() {
  local over
  [ ! -e /tmp/code ] || over=yes
  if said "$1"; then heard=yes; else [ -n "$over" ]; fi
}

# Waits for a line: `hear PATTERN SECONDS`.
hear() {
  heard=
  within "$2" settled "$1"
  [ -n "$heard" ] || { note "not heard in $2 s: $1"; return 1; }
}

# Starts a session, and waits until it looks for a face, with the camera.
session() {
  start -vv challenge --headless --json --size 320x180 --log $LOG --timeout "$1"
  # They come from two threads, in any order.
  hear '"guide"' 60 || return
  line=1
  hear 'vivid-000-vid-cap, YUYV 320x180' 60 && sleep 1
}

# Waits for a fault: `fault NAME SECONDS`, from the moment in $begun.
fault() {
  hear "\"state\":\"fault\",\"fault\":\"$1\"" "$2" && took "$1 after" "$begun"
}

# Waits for its end, in the same way.
back() {
  hear "\"state\":\"back\",\"fault\":\"$1\"" "$2" && took "back after" "$begun"
}

# Waits for the program's end: `ended CODE SECONDS`.
ended() {
  if ! within "$2" test -e /tmp/code; then
    note "not ended in $2 s"
    killall -KILL liveness
    within 5 test -e /tmp/code
    return 1
  fi
  code=$(cat /tmp/code)
  [ "$code" = "$1" ] || { note "exit code $code, not $1"; return 1; }
}

# Asks it to end, and sees that it does so soon, its session on record.
stops() {
  begun=$(now)
  killall -TERM liveness
  ended 6 $STOPS || return
  took "stopped in" "$begun"
  logged '"verdict":"cancelled"'
}

# Whether the last session has this in the log: `logged TEXT`.
logged() {
  tail -n 1 $LOG | grep -qF -e "$1" || { note "not in the log: $1"; return 1; }
}

# Runs the program to its end, for at most a minute: `exits CODE ARGUMENTS...`.
exits() {
  wanted=$1
  shift
  timeout -s KILL 60 liveness "$@" >$OUT 2>&1
  code=$?
  [ $code = "$wanted" ] || { note "$*: exit code $code, not $wanted"; return 1; }
}

# Whether the program's output has this.
shows() {
  grep -q -e "$1" $OUT || { note "not said: $1"; return 1; }
}

# Frames a second that are taken and looked at, with the kernels for an instruction set.
frames() {
  LIVENESS_ISA=$1 start -vv analyze camera:0 --json --size 320x180
  hear 'vivid-000-vid-cap, YUYV 320x180' 60 || return
  # The networks take long to load and to warm up, and longer on a busy host.
  hear '"type":"frame","frame":[1-9]' 60 || return
  sleep 3
  killall -TERM liveness
  ended 0 $STOPS || return
  # The moments of the frames, in ms. The first one lies about until the networks have warmed up.
  moments=$(sed -n 's/^{"type":"frame",.*"t_ms":\([0-9]*\).*/\1/p' $OUT)
  answer=$(echo "$moments" | awk '
    NR > 1 && $1 <= last { print "moments do not rise: " last, $1; bad = 1; exit }
    NR == 2 { first = $1 }
    { last = $1 }
    END {
      if (bad) exit 1
      if (NR < 3) { print NR " frames in 3 s"; exit 1 }
      printf "%.1f frames/s", (NR - 2) * 1000 / (last - first)
    }')
  bad=$?
  note "$1: $answer"
  return $bad
}

# Not loaded yet: shows as well that what the others see is vivid's.
case_no_camera() {
  exits 0 cameras && shows 'no camera found'
}

case_listed() {
  load
  exits 0 cameras --json || return
  shows '"path":"/dev/video0","name":"vivid-000-vid-cap"' || return
  shows '"encoding":"YUYV","width":640,"height":480,"fps":25' || return
  [ -e /dev/video1 ] && [ "$(wc -l <$OUT)" = 1 ] || { note "not one camera of two device files"; return 1; }
  note "$(grep -o '"encoding"' $OUT | wc -l) formats"
}

case_denied() {
  mkdir -p /etc
  echo 'visitor:x:1000:1000::/tmp:/bin/sh' >/etc/passwd
  su visitor -c 'liveness cameras' >$OUT 2>&1
  shows 'permission denied; add yourself to group video'
}

case_doctor() {
  exits 0 doctor --log $LOG || return
  rate=$(sed -n 's/^[a-z]* *rate *\([0-9]*\)\.[0-9]* frames.*/\1/p' $OUT)
  note "640x480: ${rate:-no} frames/s"
  # 25 are agreed upon.
  [ "${rate:-0}" -ge 5 ]
}

case_busy() {
  v4l2-ctl -d /dev/video0 --stream-mmap --stream-to=/dev/null >/tmp/other 2>&1 &
  other=$!
  within 10 test -s /tmp/other
  exits 4 challenge --headless --timeout 5 --log $LOG
  bad=$?
  kill $other
  wait $other 2>/dev/null
  [ $bad = 0 ] && shows 'busy; is another program using it?' && logged '"reason":"source_failed"'
}

# With all kernels that the emulated processor can run.
case_frames() {
  for isa in portable avx2 avx512; do
    case $isa in
      avx512) flag=avx512vl ;;
      portable) flag=fpu ;;
      *) flag=$isa ;;
    esac
    ! grep -qw $flag /proc/cpuinfo || frames $isa || return
  done
}

# One session, until case_stopped.
case_session() { session 600; }

# A driver that is in use cannot be taken away; nothing happens.
case_in_use() {
  note "$(cat /sys/module/vivid/refcnt) users"
  ! rmmod vivid 2>/dev/null && [ -e /dev/video0 ] && ! said '"type":"camera"'
}

# vivid then answers ENODEV until whoever has it open closes it.
case_disconnected() {
  begun=$(now)
  control disconnect=1 && fault unplugged 5 && back unplugged 5
}

case_streaming_error() {
  begun=$(now)
  control inject_fatal_streaming_error=1 && fault io_error 5 && back io_error 5
}

# The driver says of one buffer that it is damaged: no fault, one frame.
case_damaged_buffer() {
  control inject_v4l2_buf_flag_error=1 || return
  sleep 1
  ! said '"type":"camera"' || { note "a fault was told"; return 1; }
}

case_stalled() {
  begun=$(now)
  control percentage_of_dropped_buffers=100 && fault stalled 8 || return
  # What the real driver says to being closed while it has nothing: it is still there to be told.
  begun=$(now)
  control percentage_of_dropped_buffers=0 && back stalled 14
}

# The first try to take it up again is refused.
case_refused_once() {
  control inject_vidioc_streamon_error=1 || return
  begun=$(now)
  control disconnect=1 && fault unplugged 5 && fault io_error 5 && back io_error 8
}

# It comes back under another number, its driver loaded anew: nothing of the program may hold the old one.
case_other_number() {
  begun=$(now)
  unplug
  fault unplugged 5 || return
  rmmod vivid || { note "vivid cannot be unloaded"; return 1; }
  load vid_cap_nr=5
  [ "$(camera)" = /dev/video5 ] || return
  begun=$(now)
  back unplugged 5
}

# A loose plug: gone and there for so many ms, in turn. At no moment may it be given up.
case_loose_plug() {
  for ms in 60 700 400 100 150 1200 700 300 30 50 900 900 250 20 500 400; do
    if [ -e $DRIVER/vivid.0 ]; then unplug; else plug; fi
    usleep ${ms}000
  done
  [ -e $DRIVER/vivid.0 ] || plug
  begun=$(now)
  within 10 well || { note "the camera has not come back"; return 1; }
  took "well again after" "$begun"
  # What was told of it is not for the cases that follow.
  line=$(($(wc -l <$OUT) + 1))
  note "unplugged $(told fault '"unplugged"') times"
}

# How often a fault was told, or its end: `told STATE NAME`.
told() { grep "\"type\":\"camera\",\"state\":\"$1\"" $OUT | grep -c "\"fault\":$2"; }

# Whether every fault is over. A slow camera is no matter here: the machine is slow.
well() {
  [ "$(told fault '"[^s]')" = "$(told back '"[^s]')" ] &&
    grep '"type":"camera"' $OUT | tail -n 1 | grep -q '"back"'
}

# Without its clock vivid's picture stands still.
case_frozen() {
  begun=$(now)
  control osd_text_mode=2 && fault frozen 8 || return
  begun=$(now)
  control osd_text_mode=0 && back frozen 8
}

case_black() {
  control osd_text_mode=2 || return
  begun=$(now)
  control test_pattern=5 && fault black 8 || return
  control osd_text_mode=0
  begun=$(now)
  control test_pattern=0 && back black 8
}

case_stopped() {
  stops || return
  logged '"io_error":' && logged '"stalled":' && logged '"frozen":' && logged '"black":'
}

# From here on it is number 0 again, as most are.
case_stopped_while_stalled() {
  rmmod vivid && load || return
  session 600 || return
  control percentage_of_dropped_buffers=100
  sleep 1
  stops
  bad=$?
  control percentage_of_dropped_buffers=0
  return $bad
}

case_stopped_while_gone() {
  session 600 || return
  begun=$(now)
  unplug
  fault unplugged 5 && stops
  bad=$?
  plug
  return $bad
}

case_gone_for_good() {
  session 10 || return
  begun=$(now)
  unplug
  fault unplugged 5 && ended 4 30
  bad=$?
  plug
  [ $bad = 0 ] && shows 'is it unplugged?' || return
  logged '"reason":"source_failed"' && logged '"unplugged":1'
}

case_gone_and_back() {
  session 600 || return
  begun=$(now)
  unplug
  fault unplugged 5 || return
  plug
  begun=$(now)
  back unplugged 5 && sleep 1 && stops && logged '"unplugged":1'
}

# Who judges nobody does not wait.
case_gone_while_analysed() {
  start -vv analyze camera:0 --size 320x180
  hear 'YUYV 320x180' 60 || return
  sleep 4
  begun=$(now)
  unplug
  ended 4 $STOPS
  bad=$?
  took "ended in" "$begun"
  plug
  [ $bad = 0 ] && shows 'is it unplugged?'
}

case_log() {
  [ -s $LOG ] && exits 0 log verify --log $LOG && note "$(wc -l <$LOG) results"
}

main() {
  mount -t proc proc /proc
  mount -t sysfs sysfs /sys
  mount -t devtmpfs devtmpfs /dev
  # The console is ours: vivid complains of its own clock on a slow machine.
  dmesg -n 1
  local name
  for name in $(sed -n 's/^case_\([a-z_]*\)() .*/\1/p' /init); do
    detail=
    began=$(now)
    if "case_$name"; then
      took total "$began"
      echo "vivid: PASS $name: $detail"
    else
      took total "$began"
      echo "vivid: FAIL $name: $detail"
      tail -n 5 $OUT | cut -c 1-400 | sed 's/^/vivid:   | /'
    fi
  done
  poweroff -f
}

main
