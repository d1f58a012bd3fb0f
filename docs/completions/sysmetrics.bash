# bash completion for sysmetrics, made from the table of options by `make docs`
_sysmetrics() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} before=
	# The equals sign is a word of its own, unless COMP_WORDBREAKS says otherwise.
	if [ "$cur" = = ]; then
		cur=
	elif [ "$prev" = = ] && [ "$COMP_CWORD" -ge 2 ]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	elif [[ $cur == --*=* ]]; then
		prev=${cur%%=*} before=${cur%%=*}= cur=${cur#*=}
	fi
	COMPREPLY=()
	case $prev in
	--format)
		mapfile -t COMPREPLY < <(compgen -W "text json influx" -- "$cur")
		;;
	--dialect)
		mapfile -t COMPREPLY < <(compgen -W "sysmetrics node_exporter" -- "$cur")
		;;
	--log-format | \
		--log.format)
		mapfile -t COMPREPLY < <(compgen -W "text logfmt json" -- "$cur")
		;;
	--log-level | \
		--log.level)
		mapfile -t COMPREPLY < <(compgen -W "error warn info debug" -- "$cur")
		;;
	--config | \
		--path.procfs | \
		--path.sysfs | \
		--path.rootfs | \
		--path.udev.data | \
		--collector.textfile.directory)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	--listen | \
		--web.listen-address | \
		--metrics-path | \
		--web.telemetry-path | \
		--collector.disk.exclude-pattern | \
		--collector.diskstats.device-exclude | \
		--collector.diskstats.ignored-devices | \
		--collector.disk.include-pattern | \
		--collector.diskstats.device-include | \
		--collector.network.exclude-pattern | \
		--collector.netdev.device-exclude | \
		--collector.netdev.device-blacklist | \
		--collector.netdev.ignored-devices | \
		--collector.network.include-pattern | \
		--collector.netdev.device-include | \
		--collector.netdev.device-whitelist | \
		--collector.vmstat.fields | \
		--collector.filesystem.mount-points-exclude | \
		--collector.filesystem.ignored-mount-points | \
		--collector.filesystem.mount-points-include | \
		--collector.filesystem.fs-types-exclude | \
		--collector.filesystem.ignored-fs-types | \
		--collector.filesystem.fs-types-include | \
		--collector.filesystem.mount-timeout | \
		--collector.filesystem.stat-workers | \
		--collector.netclass.exclude-pattern | \
		--collector.netclass.ignored-devices | \
		--collector.hwmon.chip-include | \
		--collector.hwmon.chip-exclude | \
		--collector.hwmon.sensor-include | \
		--collector.hwmon.sensor-exclude | \
		--collector.netstat.fields)
		;;
	*)
		local flags="
			--config
			--no-collector.disable-defaults
			--collector.disable-defaults
			--help
			-h
			--version
			-V
			--check-config
			--print-metrics
			--once
			--format
			--no-web.systemd-socket
			--web.systemd-socket
			--health
			--listen
			--web.listen-address
			--metrics-path
			--web.telemetry-path
			--dialect
			--no-process-metrics
			--process-metrics
			--no-web.disable-exporter-metrics
			--web.disable-exporter-metrics
			--path.procfs
			--path.sysfs
			--path.rootfs
			--path.udev.data
			--log-format
			--log.format
			--log-level
			--log.level
			--no-collector.cpu
			--collector.cpu
			--no-collector.cpu.guest
			--collector.cpu.guest
			--no-collector.memory
			--collector.memory
			--no-collector.meminfo
			--collector.meminfo
			--no-collector.disk
			--collector.disk
			--no-collector.diskstats
			--collector.diskstats
			--collector.disk.exclude-pattern
			--collector.diskstats.device-exclude
			--collector.diskstats.ignored-devices
			--collector.disk.include-pattern
			--collector.diskstats.device-include
			--no-collector.network
			--collector.network
			--no-collector.netdev
			--collector.netdev
			--collector.network.exclude-pattern
			--collector.netdev.device-exclude
			--collector.netdev.device-blacklist
			--collector.netdev.ignored-devices
			--collector.network.include-pattern
			--collector.netdev.device-include
			--collector.netdev.device-whitelist
			--no-collector.network.netlink
			--collector.network.netlink
			--no-collector.netdev.netlink
			--collector.netdev.netlink
			--no-collector.network.address-info
			--collector.network.address-info
			--no-collector.netdev.address-info
			--collector.netdev.address-info
			--no-collector.loadavg
			--collector.loadavg
			--no-collector.thermal_zone
			--collector.thermal_zone
			--no-collector.vmstat
			--collector.vmstat
			--collector.vmstat.fields
			--no-collector.filesystem
			--collector.filesystem
			--collector.filesystem.mount-points-exclude
			--collector.filesystem.ignored-mount-points
			--collector.filesystem.mount-points-include
			--collector.filesystem.fs-types-exclude
			--collector.filesystem.ignored-fs-types
			--collector.filesystem.fs-types-include
			--collector.filesystem.mount-timeout
			--collector.filesystem.stat-workers
			--no-collector.uname
			--collector.uname
			--no-collector.time
			--collector.time
			--no-collector.timex
			--collector.timex
			--no-collector.netclass
			--collector.netclass
			--collector.netclass.exclude-pattern
			--collector.netclass.ignored-devices
			--no-collector.netclass.ignore-invalid-speed
			--collector.netclass.ignore-invalid-speed
			--no-collector.netclass.netlink
			--collector.netclass.netlink
			--no-collector.netclass.with-stats
			--collector.netclass.with-stats
			--no-collector.netclass_rtnl.with-stats
			--collector.netclass_rtnl.with-stats
			--no-collector.hwmon
			--collector.hwmon
			--collector.hwmon.chip-include
			--collector.hwmon.chip-exclude
			--collector.hwmon.sensor-include
			--collector.hwmon.sensor-exclude
			--no-collector.cpufreq
			--collector.cpufreq
			--no-collector.stat
			--collector.stat
			--no-collector.stat.softirq
			--collector.stat.softirq
			--no-collector.netstat
			--collector.netstat
			--collector.netstat.fields
			--no-collector.sockstat
			--collector.sockstat
			--no-collector.pressure
			--collector.pressure
			--no-collector.conntrack
			--collector.conntrack
			--no-collector.filefd
			--collector.filefd
			--no-collector.textfile
			--collector.textfile
			--collector.textfile.directory
		"
		mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$cur")
		;;
	esac
	COMPREPLY=("${COMPREPLY[@]/#/$before}")
}
complete -F _sysmetrics sysmetrics
