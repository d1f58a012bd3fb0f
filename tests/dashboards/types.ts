// What a dashboard file of ours may hold, made of Grafana's own types. The compiler refuses unknown
// keys, missing ones and values of the wrong kind, in panels, options, field configurations and
// overrides. Grafana's types leave those of panels open, so the parts are put together here by the
// panel's type.
import type {
    Dashboard,
    DashboardLink,
    DataSourceRef,
    FieldConfig,
    Panel,
    RowPanel,
    VariableModel,
} from "@grafana/schema";
import type * as stat from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type * as table from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type * as line from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";
import type { Complete } from "./release";

// Enumerations are plain words in JSON.
type Json<T> = unknown extends T
    ? unknown
    : T extends string
      ? `${T}`
      : T extends object
        ? { [K in keyof T]: Json<T[K]> }
        : T;

type Field<Custom> = Omit<FieldConfig, "custom" | "links"> & { custom?: Custom; links?: DataLink[] };

interface DataLink {
    title: string;
    url: string;
    targetBlank?: boolean;
}

type Override<Custom> = {
    [K in keyof Field<Custom>]-?: { id: K; value: NonNullable<Field<Custom>[K]> };
}[keyof Field<Custom>] | {
    [K in keyof Custom & string]-?: { id: `custom.${K}`; value: NonNullable<Custom[K]> };
}[keyof Custom & string];

// Of the query language's own type, which not every release of the package has.
interface Query {
    refId: string;
    datasource: DataSourceRef;
    editorMode: "code" | "builder";
    expr: string;
    format: "time_series" | "table" | "heatmap";
    instant: boolean;
    range: boolean;
    legendFormat?: string;
}

type Transformation =
    | { id: "timeSeriesTable"; filter: { id: "byRefId"; options: string }; options: Record<string, never> }
    | { id: "merge"; options: Record<string, never> }
    | {
        id: "organize";
        options: {
            excludeByName: Record<string, boolean>;
            indexByName: Record<string, number>;
            renameByName: Record<string, string>;
        };
    };

type Of<Kind, Options, Custom> = Omit<Panel, "type" | "options" | "fieldConfig" | "targets" | "transformations"> & {
    type: Kind;
    options: Complete<Options>;
    targets: Query[];
    transformations?: Transformation[];
    fieldConfig: {
        defaults: Field<Custom>;
        overrides: Array<{ matcher: { id: "byName" | "byRegexp"; options: string }; properties: Override<Custom>[] }>;
    };
};

type AnyPanel =
    | Of<"stat", stat.Options, Record<string, never>>
    | Of<"table", table.Options, table.FieldConfig>
    | Of<"timeseries", line.Options, line.FieldConfig>;

type AnyRow = Omit<RowPanel, "panels"> & { panels: AnyPanel[] };

type File = Omit<Dashboard, "panels" | "templating" | "links" | "uid" | "title"> & {
    uid: string;
    title: string;
    links: DashboardLink[];
    panels: Array<AnyPanel | AnyRow>;
    templating: { list: VariableModel[] };
};

export type DashboardFile = Json<File>;
