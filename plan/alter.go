package plan

import (
	"slices"
	"strings"

	"github.com/ksqlgo/ksql/sql"
)

// alter is ALTER STREAM or TABLE ... ADD COLUMN. Running queries keep their plan.
func (k *checker) alter(s *sql.AlterSource) (*Command, error) {
	src := k.Source(s.Name)
	if src == nil {
		return nil, errorf("Source %s does not exist.", s.Name)
	}
	if src.Kind != s.Kind {
		return nil, errorf("Incompatible data source type is %s, but statement was ALTER %s", src.Kind, s.Kind)
	}
	lower := strings.ToLower(s.Kind.String())
	if src.ReadOnly {
		return nil, errorf("Cannot alter %s '%s': ALTER operations are not supported on source %ss.", lower, s.Name, lower)
	}
	if src.Query != "" {
		return nil, errorf("ALTER command is not supported for CREATE ... AS statements.")
	}
	added := *src
	added.Schema = slices.Clone(src.Schema)
	has := map[string]bool{}
	for _, c := range src.Schema {
		has[c.Name] = true
	}
	for _, d := range s.Adds {
		if has[d.Name] {
			return nil, errorf("Cannot add column `%s` to schema. A column with the same name already exists.", d.Name)
		}
		cols, err := k.declared([]sql.ColumnDef{d})
		if err != nil {
			return nil, err
		}
		added.Schema, has[d.Name] = append(added.Schema, cols...), true
	}
	var err error // a value that stood bare is one of several now
	if added.Value, err = k.env.valueFormat(src.Value, fields(added.Schema, sql.ValueRole), nil); err != nil {
		return nil, err
	}
	return k.done(Effect{Put: []*Source{&added}}, title(s.Kind)+" "+s.Name+" altered."), nil
}

// createType is CREATE TYPE.
func (k *checker) createType(s *sql.CreateType) (*Command, error) {
	if old, ok := k.Type(s.Name); ok {
		if s.IfNotExists {
			return k.nothing(s.Name + " is already registered with type " + old.String()), nil
		}
		return nil, errorf("Cannot register custom type '%s' since it is already registered with type: %s", s.Name, old)
	}
	t, err := k.resolve(s.Type)
	if err != nil {
		return nil, err
	}
	return k.done(Effect{PutTypes: []NamedType{{s.Name, t}}}, "Registered custom type with name '"+s.Name+"' and SQL type "+t.String()), nil
}

// dropType is DROP TYPE. Sources keep the type they resolved.
func (k *checker) dropType(s *sql.DropType) (*Command, error) {
	if _, ok := k.Type(s.Name); !ok {
		if s.IfExists {
			return k.nothing("Type '" + s.Name + "' does not exist"), nil
		}
		return nil, errorf("Type %s does not exist.", s.Name)
	}
	return k.done(Effect{DropTypes: []string{s.Name}}, "Dropped type '"+s.Name+"'"), nil
}
